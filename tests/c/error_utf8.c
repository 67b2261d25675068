/* proc_error_message is UTF-8, whatever it was made of. Laws:
 *
 *   valid_is_kept      Valid UTF-8 is given back as it is.
 *   invalid_is_mended  A text that is not UTF-8 becomes UTF-8; what is valid in it stays.
 *   tasks_too          So does the type of a task in its error's text.
 */
#include "leaf.h"

/* The length of the well-formed sequence at the start (Unicode, table 3-7), or 0. */
static size_t sequence(const unsigned char *s) {
    static const unsigned char rows[][4] = {/* first byte: from, to; second byte: from, to */
                                            {0xC2, 0xDF, 0x80, 0xBF}, {0xE0, 0xE0, 0xA0, 0xBF},
                                            {0xE1, 0xEC, 0x80, 0xBF}, {0xED, 0xED, 0x80, 0x9F},
                                            {0xEE, 0xEF, 0x80, 0xBF}, {0xF0, 0xF0, 0x90, 0xBF},
                                            {0xF1, 0xF3, 0x80, 0xBF}, {0xF4, 0xF4, 0x80, 0x8F}};
    if (s[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (s[0] < rows[i][0] || s[0] > rows[i][1] || s[1] < rows[i][2] || s[1] > rows[i][3])
            continue;
        size_t length = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
        for (size_t at = 2; at < length; at++)
            if ((s[at] & 0xC0) != 0x80)
                return 0;
        return length;
    }
    return 0;
}

static bool is_utf8(const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        size_t length = sequence(s);
        if (length == 0)
            return false;
        s += length;
    }
    return true;
}

static const char *const invalid[] = {
    "\x80",
    "\xBF\xBF",
    "\xC0\xAF",
    "\xC1\x81",
    "\xE0\x80\xAF",
    "\xED\xA0\x80",
    "\xED\xBF\xBF",
    "\xF0\x80\x80\x80",
    "\xF4\x90\x80\x80",
    "\xF5\x80\x80\x80",
    "\xFE",
    "\xFF\xFE",
    "\xC3",
    "\xE2\x82",
    "\xF0\x9F\x98",
    "\xE4r",
};
enum { INVALID = sizeof invalid / sizeof *invalid };

static void valid_is_kept(void) {
    const char *texts[] = {
        "", "plain", "Größe", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK_FAILS(proc_error_new(EIO, texts[i]), EIO, texts[i]);
        CHECK_FAILS(proc_errorf(EIO, "%s", texts[i]), EIO, texts[i]);
    }
}

static void check_mended(proc_error *error, int code) {
    const char *message = proc_error_message(error);
    CHECK_INT(proc_error_code(error), code);
    CHECK(is_utf8(message));
    CHECK_HAS(message, "before ");
    CHECK_HAS(message, " after");
    proc_error_unref(error);
}

static void invalid_is_mended(void) {
    for (size_t i = 0; i < INVALID; i++) {
        char text[50];
        snprintf(text, sizeof text, "before %s after", invalid[i]);
        CHECK(!is_utf8(text));
        check_mended(proc_error_new(EIO, text), EIO);
        check_mended(proc_error_with_payload(EIO, text, NULL, NULL), EIO);
        check_mended(proc_errorf(EIO, "%s", text), EIO);
        errno = ENOENT;
        check_mended(proc_errno(text), ENOENT);
        proc_error *ends_so = proc_error_new(EIO, invalid[i]);
        CHECK(is_utf8(proc_error_message(ends_so)));
        CHECK(strlen(proc_error_message(ends_so)) > 0);
        proc_error_unref(ends_so);
    }
}

static void tasks_too(void) {
    for (size_t i = 0; i < INVALID; i++) {
        char type[50];
        snprintf(type, sizeof type, "before %s after", invalid[i]);
        leaf l = {.fails = "tail"};
        proc_error *error = proc_run(proc_task(type, leaf_new(&l)), NULL);
        CHECK_HAS(proc_error_message(error), ": tail");
        check_mended(error, EIO);
    }
}

CHECK_MAIN(CASE(valid_is_kept), CASE(invalid_is_mended), CASE(tasks_too))
