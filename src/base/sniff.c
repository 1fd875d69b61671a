#include "base/sniff.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"

enum { TYPE_MAX = 100, HEAD_BYTES = 4096, EXTENSION_MAX = 16 };

#define TEXT(lit)                                                                                  \
    {                                                                                              \
        lit, sizeof(lit) - 1                                                                       \
    }

static const struct {
    struct str type;
    size_t at;
    struct str mark;
} marks[] = {
    { TEXT("image/png"), 0, TEXT("\x89PNG\r\n\x1a\n") },
    { TEXT("image/jpeg"), 0, TEXT("\xff\xd8\xff") },
    { TEXT("image/gif"), 0, TEXT("GIF87a") },
    { TEXT("image/gif"), 0, TEXT("GIF89a") },
    { TEXT("image/webp"), 8, TEXT("WEBP") },
    { TEXT("image/bmp"), 0, TEXT("BM") },
    { TEXT("image/tiff"), 0, TEXT("II*\0") },
    { TEXT("image/tiff"), 0, TEXT("MM\0*") },
    { TEXT("image/avif"), 4, TEXT("ftypavif") },
    { TEXT("image/heic"), 4, TEXT("ftypheic") },
    { TEXT("video/mp4"), 4, TEXT("ftyp") },
    { TEXT("application/pdf"), 0, TEXT("%PDF-") },
    { TEXT("application/zip"), 0, TEXT("PK\x03\x04") },
    { TEXT("application/zip"), 0, TEXT("PK\x05\x06") },
    { TEXT("application/gzip"), 0, TEXT("\x1f\x8b") },
    { TEXT("application/x-7z-compressed"), 0, TEXT("7z\xbc\xaf\x27\x1c") },
    { TEXT("application/vnd.rar"), 0, TEXT("Rar!\x1a\x07") },
    { TEXT("application/x-ole-storage"), 0, TEXT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") },
    { TEXT("audio/mpeg"), 0, TEXT("ID3") },
    { TEXT("audio/ogg"), 0, TEXT("OggS") },
    { TEXT("audio/flac"), 0, TEXT("fLaC") },
    { TEXT("audio/wav"), 8, TEXT("WAVE") },
    { TEXT("video/webm"), 0, TEXT("\x1a\x45\xdf\xa3") },
    { TEXT("application/x-executable"), 0,
      TEXT("\x7f"
           "ELF") },
    { TEXT("application/x-msdownload"), 0, TEXT("MZ") },
};

/* How text that a browser would run begins, behind blanks. */
static const struct {
    struct str type, mark;
} texts[] = {
    { TEXT("text/html"), TEXT("<!doctype html") }, { TEXT("text/html"), TEXT("<html") },
    { TEXT("text/html"), TEXT("<head") },          { TEXT("text/html"), TEXT("<body") },
    { TEXT("text/html"), TEXT("<script") },        { TEXT("text/html"), TEXT("<iframe") },
    { TEXT("image/svg+xml"), TEXT("<svg") },       { TEXT("application/xml"), TEXT("<?xml") },
};

/* Declared types that say more about a container than its mark does. */
static const struct {
    struct str container, prefix;
} refinements[] = {
    { TEXT("application/zip"), TEXT("application/vnd.openxmlformats-officedocument.") },
    { TEXT("application/zip"), TEXT("application/vnd.oasis.opendocument.") },
    { TEXT("application/zip"), TEXT("application/epub+zip") },
    { TEXT("application/x-ole-storage"), TEXT("application/msword") },
    { TEXT("application/x-ole-storage"), TEXT("application/vnd.ms-") },
    { TEXT("application/xml"), TEXT("image/svg+xml") },
    { TEXT("application/xml"), TEXT("application/xhtml+xml") },
    { TEXT("video/mp4"), TEXT("audio/mp4") },
    { TEXT("video/mp4"), TEXT("video/quicktime") },
    { TEXT("audio/ogg"), TEXT("video/ogg") },
    { TEXT("text/plain"), TEXT("text/csv") },
    { TEXT("text/plain"), TEXT("text/markdown") },
    { TEXT("text/plain"), TEXT("text/calendar") },
    { TEXT("text/plain"), TEXT("text/html") },
    { TEXT("text/plain"), TEXT("application/json") },
    { TEXT("text/plain"), TEXT("message/rfc822") },
    { TEXT("text/plain"), TEXT("image/svg+xml") },
};

static bool is_type_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("!#$&-^_.+", c));
}

/* The declared type in lower case without parameters; empty when it is none. */
static struct str declared_type(struct str declared, struct arena *a)
{
    struct str type = str_lower(str_trim(str_cut(&declared, ';')), a);
    size_t slash = type.p ? str_chr(type, '/') : SIZE_MAX;

    if (slash == SIZE_MAX || slash == 0 || slash + 1 == type.n || type.n > TYPE_MAX)
        return STR_NONE;
    for (size_t i = 0; i < type.n; i++)
        if (i != slash && !is_type_char(type.p[i]))
            return STR_NONE;
    return type;
}

static struct str by_mark(struct str bytes)
{
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (str_starts(str_sub(bytes, marks[i].at, SIZE_MAX), marks[i].mark))
            return marks[i].type;
    return STR_NONE;
}

static struct str by_text(struct str bytes)
{
    struct str head = str_sub(bytes, 0, utf8_cut_bytes(bytes, HEAD_BYTES));

    if (!utf8_is_valid(head) || utf8_has_control(head, true))
        return STR_NONE;
    if (str_starts(head, STR("\xef\xbb\xbf")))
        head = str_sub(head, 3, SIZE_MAX);
    head = str_trim(head);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (str_istarts(head, texts[i].mark))
            return texts[i].type;
    return STR("text/plain");
}

static bool refines(struct str found, struct str declared)
{
    for (size_t i = 0; i < ARRAY_LEN(refinements); i++)
        if (str_eq(refinements[i].container, found) && str_starts(declared, refinements[i].prefix))
            return true;
    return false;
}

/* Types whose bytes we would have known. */
static bool has_mark(struct str type)
{
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (str_eq(marks[i].type, type))
            return true;
    for (size_t i = 0; i < ARRAY_LEN(refinements); i++)
        if (str_starts(type, refinements[i].prefix))
            return true;
    return str_starts(type, STR("text/"));
}

struct str sniff_type(struct str bytes, struct str declared, struct arena *a)
{
    struct str type = declared_type(declared, a), found = by_mark(bytes);

    if (!found.p)
        found = by_text(bytes);
    if (found.p)
        return type.p && refines(found, type) ? type : found;
    return type.p && !has_mark(type) ? type : STR("application/octet-stream");
}

bool sniff_is_picture(struct str type)
{
    static const char *const pictures[] = { "image/png", "image/jpeg", "image/gif", "image/webp" };

    for (size_t i = 0; i < ARRAY_LEN(pictures); i++)
        if (str_eq(type, str_of(pictures[i])))
            return true;
    return false;
}

/* ---- Names ---- */

static bool is_left_out(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0xAD || (cp >= 0x200B && cp <= 0x200F)
           || (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF;
}

static struct str last_part(struct str name)
{
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '/' || name.p[i - 1] == '\\')
            return str_sub(name, i, SIZE_MAX);
    return name;
}

static bool is_edge(char c)
{
    return c == ' ' || c == '.';
}

static struct str trim_edges(struct str s)
{
    while (s.n && is_edge(s.p[0]))
        s = str_sub(s, 1, SIZE_MAX);
    while (s.n && is_edge(s.p[s.n - 1]))
        s.n--;
    return s;
}

static struct str cut_name(struct str name, struct arena *a)
{
    size_t dot = name.n;
    struct str extension, stem;

    if (name.n <= FILE_NAME_MAX)
        return name;
    while (dot > 0 && name.p[dot - 1] != '.')
        dot--;
    extension = dot > 1 ? str_sub(name, dot - 1, SIZE_MAX) : STR("");
    if (extension.n > EXTENSION_MAX)
        extension = STR("");
    stem = str_sub(name, 0, utf8_cut_bytes(name, FILE_NAME_MAX - extension.n));
    return str_printf(a, "%.*s%.*s", STR_ARG(stem), STR_ARG(extension));
}

/* Windows opens the device, whatever stands behind the first dot. */
static bool is_device(struct str name)
{
    static const char *const devices[] = { "con", "prn", "aux", "nul", "com", "lpt" };
    struct str stem = str_trim(str_sub(name, 0, str_chr(name, '.')));

    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        bool counted = devices[i][2] == 'm' || devices[i][2] == 't';

        if (str_istarts(stem, str_of(devices[i])) && stem.n == (counted ? 4 : 3)
            && (!counted || (stem.p[3] >= '0' && stem.p[3] <= '9')))
            return true;
    }
    return false;
}

struct str file_name_clean(struct str name, struct arena *a)
{
    struct buf b = BUF_ARENA(a, name.n + 4);
    struct str part = last_part(utf8_repair(name, a));

    for (size_t len, i = 0; i < part.n; i += len) {
        uint32_t cp = utf8_decode(part.p + i, part.n - i, &len);

        if (is_left_out(cp))
            continue;
        if (cp < 0x80 && strchr("<>:\"|?*", (int)cp))
            buf_char(&b, '_');
        else
            buf_add(&b, part.p + i, len);
    }
    part = trim_edges(buf_view(&b));
    if (is_device(part))
        part = str_printf(a, "_%.*s", STR_ARG(part));
    part = cut_name(part, a);
    return part.n ? part : STR("file");
}
