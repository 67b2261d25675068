/* job_runner_test: of 17_job_runner: four at a time; which have failed, and why; a stop leaves no process over.
 *
 *     PROGRAM CASE SERVER [ARGUMENT...]
 *
 * The jobs are shell scripts, which meet in a directory of their own. */
#define _GNU_SOURCE
#include "own_directory.h"
#include "server.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* How many files there have names that begin so. */
static int count(const char *begin) {
    DIR *here = opendir(".");
    int found = 0;
    for (struct dirent *one; here && (one = readdir(here));)
        found += strncmp(one->d_name, begin, strlen(begin)) == 0;
    closedir(here);
    return found;
}

static void wait_for(const char *begin, int wanted) {
    while (count(begin) < wanted)
        usleep(1000);
}

static void all_succeed(void) {
    struct server runner;
    server_launch(&runner, command, "echo hello", "true", "true", "true", "true", "true", NULL);
    server_join(&runner);
    CHECK_STR(runner.last_line, "hello\n");
    CHECK(strstr(runner.errors, "failed") == NULL); /* valgrind may say that it knows no pidfd */
    CHECK_INT(runner.status, 0);
}

static void it_says_which_have_failed_and_why(void) {
    struct server runner;
    server_launch(&runner, command, "exit 3", "true", "kill -SEGV $$", "read line || exit 4", NULL);
    server_join(&runner);
    CHECK_HAS(runner.errors, "job: exit 3: sh: exit status 3\n");
    CHECK_HAS(runner.errors, "job: kill -SEGV $$: sh: killed by SIGSEGV\n");
    CHECK_HAS(runner.errors, "job: read line || exit 4: sh: exit status 4\n");
    CHECK_HAS(runner.errors, "17_job_runner: 3 of 4 failed, 0 stopped, 0 not begun\n");
    CHECK_INT(runner.status, 1);
}

/* Each of the ten notes how many run; all wait until there are four, and then until they may go on. */
static void four_run_at_a_time(void) {
    enum { JOBS = 10 };
    char job[] = "touch running.$$; ls | grep -c ^running >counted.$$; touch begun.$$\n"
                 "while [ ! -e go ]; do sleep 0.01; done; rm running.$$";
    struct server runner;
    server_launch(&runner, command, job, job, job, job, job, job, job, job, job, job, NULL);
    wait_for("begun.", 4);
    CHECK_INT(count("running."), 4);
    CHECK_INT(mkdir("go", 0700), 0);
    server_join(&runner);
    CHECK_INT(runner.status, 0);
    CHECK_INT(count("begun."), JOBS);
    CHECK_INT(system("sort -n counted.* | tail -n 1 | grep -qx 4"), 0);
}

/* One that has ended may still be there until process 1 has reaped it. */
static bool is_alive(int pid) {
    char path[100], state = 'X';
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *stat = fopen(path, "r");
    bool alive =
        stat && fscanf(stat, "%*d (%*[^)]) %c", &state) == 1 && state != 'Z' && state != 'X';
    if (stat)
        fclose(stat);
    return alive;
}

/* The pids that the jobs have written down, each in the name of a file. */
static void none_of_them_is_left(void) {
    DIR *here = opendir(".");
    int pid;
    for (struct dirent *one; here && (one = readdir(here));)
        if (sscanf(one->d_name, "pid.%d", &pid) == 1)
            CHECK(!is_alive(pid));
    closedir(here);
}

/* A group of three; an orphan that takes no notice of SIGTERM, though its leader does; one that takes no notice either; one that
 * cleans up. All are there when the signal comes, and a fifth has not begun. */
static void a_stop_ends_all_processes_of_all_groups(void) {
    struct server runner;
    server_launch(
        &runner, command,
        "touch pid.$$; sleep 1000 & touch pid.$!; sleep 1000 & touch pid.$!; wait",
        "touch pid.$$; (trap '' TERM; touch deaf; sleep 1000) & touch pid.$!; wait",
        "trap '' TERM; touch pid.$$; while true; do sleep 1; done",
        "trap 'touch cleaned; exit 0' TERM; touch pid.$$; while true; do sleep 0.01; done",
        "touch never", NULL);
    wait_for("pid.", 7);
    wait_for("deaf", 1);
    kill(runner.pid, SIGTERM);
    server_join(&runner);
    none_of_them_is_left();
    CHECK_INT(runner.status, 1);
    CHECK_HAS(runner.errors, "stopped: touch pid.$$; sleep 1000 & ");
    CHECK_HAS(runner.errors, "stopped: touch pid.$$; (trap '' TERM; touch deaf; ");
    CHECK_HAS(runner.errors, "stopped: trap '' TERM; touch pid.$$; ");
    CHECK_HAS(runner.errors, "stopped: trap 'touch cleaned; exit 0' TERM; ");
    CHECK_HAS(runner.errors, "not begun: touch never\n");
    CHECK_HAS(runner.errors, "17_job_runner: 0 of 5 failed, 4 stopped, 1 not begun\n");
    CHECK_INT(count("cleaned"), 1);
    CHECK_INT(count("never"), 0);
}

/* The leader is gone at once, but the grace is the group's. */
static void who_cleans_up_after_its_leader_has_gone_has_the_grace(void) {
    struct server runner;
    server_launch(&runner, command,
                  "(trap 'sleep 0.2; touch cleaned; exit 0' TERM; touch ready\n"
                  "while true; do sleep 0.01; done) & touch pid.$!; touch pid.$$; wait",
                  NULL);
    wait_for("ready", 1);
    wait_for("pid.", 2);
    kill(runner.pid, SIGINT);
    server_join(&runner);
    none_of_them_is_left();
    CHECK_INT(count("cleaned"), 1);
    CHECK_HAS(runner.errors,
              "stopped: (trap 'sleep 0.2; touch cleaned; exit 0' TERM; touch ready\n");
    CHECK_INT(runner.status, 1);
}

int main(int argc, char **argv) {
    static const check_case cases[] = {
        CASE(all_succeed),
        CASE(it_says_which_have_failed_and_why),
        CASE(four_run_at_a_time),
        CASE(a_stop_ends_all_processes_of_all_groups),
        CASE(who_cleans_up_after_its_leader_has_gone_has_the_grace),
    };
    return check_in_own_directory(cases, sizeof cases / sizeof *cases, argc, argv);
}
