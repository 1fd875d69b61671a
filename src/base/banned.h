/* Forced into every translation unit of the program (-include): these do not compile. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#undef alloca
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#undef strtok
#undef strncpy
#undef strncat
#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atof gmtime localtime alloca
/* Not rand: openssl/evp.h has parameters of that name. */
#pragma GCC poison system popen gets strncpy strncat mktemp tmpnam srand setjmp longjmp
#endif
