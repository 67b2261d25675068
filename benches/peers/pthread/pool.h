/* pool.h: what is asked of the echo server that is written by hand (pool.c). */
void echo(int n, int seconds);
void echo_stoppable(int n, int seconds); /* one that can be told to stop */
