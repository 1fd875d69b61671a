/* What the server keeps of its rights once it has its settings: the policy over base/confine.h. */
#ifndef CLI_CONFINE_H
#define CLI_CONFINE_H

struct cli;

/* With CONFINE off nothing.  Before any thread is made; the folders of data and database must be
 * there.  The bits of enum confined that hold; those that do not are warned of in the log. */
unsigned serve_confine(struct cli *c);

#endif
