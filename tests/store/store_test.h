/* A fresh, migrated store on the engine that TEST_DATABASE_URL names ("sqlite", or the address of a
 * PostgreSQL whose user may create databases).  The schema is migrated once a program and copied. */
#ifndef TESTS_STORE_TEST_H
#define TESTS_STORE_TEST_H

#include "test.h"

#include "store/store.h"

/* Any failure fails the test. */
struct store *test_store(void);
/* The same, with options of one's own; url is filled in. */
struct store *test_store_with(struct store_opts o);
/* An empty database, not migrated. */
struct store *test_store_empty(void);
/* Opens the database of the last test_store*() a second time. */
struct store *test_store_again(void);
/* Closes it; all databases of the program go at its end. */
void test_store_free(struct store **s);

bool test_is_sqlite(void);
/* The address of the last database made. */
struct str test_store_url(void);
/* A folder of this program, removed at its end. */
const char *test_folder(void);

#endif
