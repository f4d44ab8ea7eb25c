// Stands in for a header that the C library for WASI does not have. An error of the script ends the program.
#include <stdlib.h>
typedef int jmp_buf[1];
void longjmp(jmp_buf, int);
