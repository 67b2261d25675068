/* Errors: how one is made and what it answers. Laws:
 *
 *   copies_message      proc_error_new copies the message.
 *   null_message        NULL message: strerror(code).
 *   code_zero           Code 0 is no failure: it becomes -1, and no text calls it success. In every function that makes an error.
 *   any_code            Codes are errno values, or any other non-zero number of the program's own.
 *   formats             proc_errorf makes its text as printf does, however long it is.
 *   unprintable         … of an argument that printf cannot convert, the format itself.
 *   from_errno          proc_errno: "what: strerror(errno)", code errno.
 *   success             NULL means success: code 0, message "success", count 0, and nothing else in it.
 *   single              A single error is no task, has no cause, counts 1 and is itself at 0; out of range: NULL.
 *   is                  proc_error_is: it has that code.
 *   counted             proc_error_ref makes another reference to the same error; it lives until the last is released.
 *   null_arguments      NULL in place of a text is never undefined.
 */
#include "check.h"

static void copies_message(void) {
    char message[] = "disk full";
    proc_error *error = proc_error_new(ENOSPC, message);
    strcpy(message, "changed");
    CHECK_INT(proc_error_code(error), ENOSPC);
    CHECK_STR(proc_error_message(error), "disk full");
    proc_error_unref(error);
    CHECK_FAILS(proc_error_new(EIO, ""), EIO, "");
}

static void null_message(void) {
    CHECK_FAILS(proc_error_new(ENOENT, NULL), ENOENT, strerror(ENOENT));
    CHECK_FAILS(proc_error_with_payload(EPERM, NULL, NULL, NULL), EPERM, strerror(EPERM));
}

/* Where the C library has no text of its own for a number that is no error's, as musl, nothing can be told. */
static bool says_success(const char *message) {
    return strcmp(strerror(-1), strerror(0)) != 0 && strstr(message, strerror(0));
}

static void code_zero(void) {
    CHECK_FAILS(proc_error_new(0, "zero"), -1, "zero");
    CHECK_FAILS(proc_error_with_payload(0, "zero", NULL, NULL), -1, "zero");
    CHECK_FAILS(proc_errorf(0, "%s", "zero"), -1, "zero");
    proc_error *unnamed = proc_error_new(0, NULL);
    CHECK_INT(proc_error_code(unnamed), -1);
    CHECK_STR(proc_error_message(unnamed), strerror(-1));
    CHECK(!says_success(proc_error_message(unnamed)));
    proc_error_unref(unnamed);
    errno = 0;
    proc_error *error = proc_errno("zero");
    CHECK_INT(proc_error_code(error), -1);
    CHECK_HAS(proc_error_message(error), "zero: ");
    CHECK(!says_success(proc_error_message(error)));
    proc_error_unref(error);
}

static void any_code(void) {
    const int codes[] = {1, -1, -42, 100000, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        CHECK_FAILS(proc_error_new(codes[i], "own"), codes[i], "own");
        CHECK_FAILS(proc_errorf(codes[i], "own"), codes[i], "own");
    }
}

static void formats(void) {
    CHECK_FAILS(proc_errorf(EIO, "%s:%d %5.2f%% %c %zu", "a", 7, 1.5, 'x', (size_t)9), EIO,
                "a:7  1.50% x 9");
    CHECK_FAILS(proc_errorf(EIO, "plain"), EIO, "plain");
    size_t length = 100000;
    char *text = malloc(length + 1);
    memset(text, 'y', length);
    text[length] = '\0';
    proc_error *error = proc_errorf(EIO, "<%s>", text);
    CHECK_INT((long long)strlen(proc_error_message(error)), (long long)length + 2);
    CHECK(proc_error_message(error)[length + 1] == '>');
    proc_error_unref(error);
    free(text);
}

/* In the C locale, which a program begins in. */
static void unprintable(void) {
    const wchar_t invalid[] = {L'a', 0x7FFFFFFF, L'\0'};
    char text[50];
    CHECK(snprintf(text, sizeof text, "%ls", invalid) < 0);
    CHECK_FAILS(proc_errorf(EIO, "%s: %ls", "open", invalid), EIO, "%s: %ls");
    CHECK_FAILS(proc_errorf(EIO, "%s: %ls", "open", L"valid"), EIO, "open: valid");
}

static void from_errno(void) {
    char expected[200];
    const int codes[] = {ENOENT, EACCES, EAGAIN, 9999};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        snprintf(expected, sizeof expected, "open: %s", strerror(codes[i]));
        errno = codes[i];
        proc_error *error = proc_errno("open");
        CHECK_FAILS(error, codes[i], expected);
    }
}

static void success(void) {
    CHECK_INT(proc_error_code(NULL), 0);
    CHECK_STR(proc_error_message(NULL), "success");
    CHECK(proc_error_task_type(NULL) == NULL);
    CHECK(proc_error_cause(NULL) == NULL);
    CHECK_INT((long long)proc_error_count(NULL), 0);
    CHECK(proc_error_at(NULL, 0) == NULL);
    CHECK(proc_error_payload(NULL) == NULL);
    CHECK(!proc_error_is(NULL, EIO) && !proc_error_is(NULL, 0));
    CHECK(proc_error_find_task(NULL, "web") == NULL);
    CHECK(proc_error_ref(NULL) == NULL);
    proc_error_unref(NULL);
}

static void single(void) {
    proc_error *error = proc_error_new(EIO, "single");
    CHECK(proc_error_task_type(error) == NULL);
    CHECK(proc_error_cause(error) == NULL);
    CHECK_INT((long long)proc_error_count(error), 1);
    CHECK(proc_error_at(error, 0) == error);
    CHECK(proc_error_at(error, 1) == NULL);
    CHECK(proc_error_at(error, SIZE_MAX) == NULL);
    CHECK(proc_error_payload(error) == NULL);
    CHECK(proc_error_find_task(error, "single") == NULL);
    proc_error_unref(error);
}

static void is(void) {
    proc_error *error = proc_error_new(-7, "is");
    CHECK(proc_error_is(error, -7));
    CHECK(!proc_error_is(error, 7) && !proc_error_is(error, 0));
    proc_error_unref(error);
}

static void counted(void) {
    proc_error *error = proc_error_new(EIO, "counted");
    const char *message = proc_error_message(error);
    for (int i = 0; i < 1000; i++)
        CHECK(proc_error_ref(error) == error);
    for (int i = 0; i < 1000; i++)
        proc_error_unref(error);
    CHECK_STR(message, "counted");
    CHECK(proc_error_message(error) == message);
    proc_error_unref(error);
}

static void null_arguments(void) {
    /* Through a pointer, as the compiler would see the NULL and refuse. */
    proc_error *(*errorf)(int, const char *, ...) = proc_errorf;
    const char *none = NULL;
    proc_error *formatted = errorf(EIO, none);
    CHECK_INT(proc_error_code(formatted), EIO);
    CHECK(proc_error_message(formatted) != NULL);
    proc_error_unref(formatted);
    errno = EACCES;
    proc_error *unnamed = proc_errno(none);
    CHECK_INT(proc_error_code(unnamed), EACCES);
    CHECK_HAS(proc_error_message(unnamed), strerror(EACCES));
    CHECK(proc_error_find_task(unnamed, none) == NULL);
    proc_error_unref(unnamed);
}

CHECK_MAIN(CASE(copies_message), CASE(null_message), CASE(code_zero), CASE(any_code), CASE(formats),
           CASE(unprintable), CASE(from_errno), CASE(success), CASE(single), CASE(is),
           CASE(counted), CASE(null_arguments))
