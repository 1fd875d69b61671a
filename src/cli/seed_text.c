#include "cli/seed_text.h"

uint64_t seed_next(struct seed_rng *r)
{
    uint64_t z = r->state += 0x9E3779B97F4A7C15u; /* splitmix64 */

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t seed_below(struct seed_rng *r, uint64_t bound)
{
    return seed_next(r) % bound;
}

bool seed_chance(struct seed_rng *r, unsigned percent)
{
    return seed_below(r, 100) < percent;
}

const char *const seed_languages[SEED_LANGUAGES] = { "en", "de", "fr", "es", "ja" };

#define BYTES(lit) { "" lit, sizeof(lit) - 1 }
const struct seed_file seed_files[SEED_FILES] = {
    { "error.log", "text/plain", BYTES("08:14:02 connect\n08:14:07 timeout, code 0x80d4\n08:14:07 gave up\n") },
    { "steps.txt", "text/plain", BYTES("1. restart\n2. sign in\n3. the message appears\n") },
    { "screenshot.png", "image/png", /* one grey dot */
      BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9c"
            "ch\0\0\0\x82\0\x81w\xcdr\xb6\0\0\0\0IEND\xae" "B`\x82") },
    { "inventory.csv", "text/csv", BYTES("asset,place\nHD-0001,Berlin\nHD-0002,Lyon\n") },
};

enum { TOPICS = 10 };
static const char *const tags[TOPICS] = { "vpn",     "printer", "password", "invoice", "email",
                                          "laptop",  "delivery", "licence", "network", "website" };

static const char *const things[SEED_LANGUAGES][TOPICS] = {
    { "VPN connection", "printer", "password", "invoice", "mailbox", "laptop", "delivery",
      "software licence", "network", "website" },
    { "VPN-Verbindung", "Drucker", "Passwort", "Rechnung", "Postfach", "Notebook", "Lieferung",
      "Softwarelizenz", "Netzwerk", "Webseite" },
    { "connexion VPN", "imprimante", "mot de passe", "facture", "bo\xC3\xAEte aux lettres",
      "ordinateur portable", "livraison", "licence du logiciel", "r\xC3\xA9seau", "site web" },
    { "conexi\xC3\xB3n VPN", "impresora", "contrase\xC3\xB1" "a", "factura", "buz\xC3\xB3n", "port\xC3\xA1til",
      "entrega", "licencia", "red", "p\xC3\xA1gina web" },
    { "VPN\xE6\x8E\xA5\xE7\xB6\x9A", "\xE3\x83\x97\xE3\x83\xAA\xE3\x83\xB3\xE3\x82\xBF\xE3\x83\xBC",
      "\xE3\x83\x91\xE3\x82\xB9\xE3\x83\xAF\xE3\x83\xBC\xE3\x83\x89", "\xE8\xAB\x8B\xE6\xB1\x82\xE6\x9B\xB8",
      "\xE3\x83\xA1\xE3\x83\xBC\xE3\x83\xAB", "\xE3\x83\x8E\xE3\x83\xBC\xE3\x83\x88\xE3\x83\x91\xE3\x82\xBD\xE3\x82\xB3\xE3\x83\xB3",
      "\xE9\x85\x8D\xE9\x80\x81", "\xE3\x83\xA9\xE3\x82\xA4\xE3\x82\xBB\xE3\x83\xB3\xE3\x82\xB9",
      "\xE3\x83\x8D\xE3\x83\x83\xE3\x83\x88\xE3\x83\xAF\xE3\x83\xBC\xE3\x82\xAF", "\xE3\x82\xA6\xE3\x82\xA7\xE3\x83\x96\xE3\x82\xB5\xE3\x82\xA4\xE3\x83\x88" },
};

/* %t: the thing, %s: the place.  Titles, requests, answers, replies by language. */
static const char *const titles[SEED_LANGUAGES][4] = {
    { "%t does not work in %s", "Problem with the %t (%s)", "New %t needed for %s", "%t: slow since Monday, %s" },
    { "%t funktioniert nicht in %s", "Problem: %t (%s)", "Frage zu %t, %s", "%t seit Montag langsam, %s" },
    { "%t ne fonctionne pas \xC3\xA0 %s", "Probl\xC3\xA8me : %t (%s)", "Question sur %t, %s", "%t trop lente, %s" },
    { "%t no funciona en %s", "Problema: %t (%s)", "Consulta sobre %t, %s", "%t muy lenta, %s" },
    { "%t\xE3\x81\xAE\xE5\x95\x8F\xE9\xA1\x8C (%s)", "%t\xE3\x81\xAB\xE3\x81\xA4\xE3\x81\x84\xE3\x81\xA6 %s",
      "%t\xE3\x81\x8C\xE9\x81\x85\xE3\x81\x84 %s", "%t\xE3\x81\xAE\xE7\x94\xB3\xE8\xAB\x8B %s" },
};

static const char *const requests[SEED_LANGUAGES][4] = {
    { "Hello,\n\nsince this morning the %t in %s gives an error after a few seconds. I restarted twice and the "
      "colleagues next door see the same. Could you have a look today?\n\nThank you",
      "Hi team,\n\nplease help with the %t. We are in %s and need it before the meeting at three. A picture of the "
      "message is attached where I could take one.\n\nBest regards",
      "Good morning,\n\nI cannot use the %t any more. It worked until Friday. Location: %s. The message says that "
      "access was denied.\n\nKind regards",
      "Hello support,\n\nwe would like to order one more %t for %s. Whom do I ask for approval, and how long does it take?" },
    { "Guten Tag,\n\nseit heute fr\xC3\xBCh meldet %t in %s einen Fehler. Neustart hat nicht geholfen, den Kollegen geht "
      "es ebenso. K\xC3\xB6nnen Sie heute noch nachsehen?\n\nMit freundlichen Gr\xC3\xBC\xC3\x9F" "en",
      "Hallo zusammen,\n\nich brauche Hilfe: %t. Wir sitzen in %s und haben um drei eine Besprechung.\n\nDanke",
      "Guten Morgen,\n\n%t geht seit Freitag nicht mehr, Standort %s. Es hei\xC3\x9Ft, der Zugriff sei verweigert.",
      "Hallo,\n\nwir m\xC3\xB6" "chten f\xC3\xBCr %s etwas bestellen: %t. Wer genehmigt das?" },
    { "Bonjour,\n\ndepuis ce matin il y a une erreur : %t, site %s. J'ai red\xC3\xA9marr\xC3\xA9 deux fois. Pouvez-vous "
      "regarder aujourd'hui ?\n\nMerci",
      "Bonjour,\n\nbesoin d'aide pour %t \xC3\xA0 %s avant la r\xC3\xA9union.\n\nCordialement",
      "Bonjour,\n\n%t ne marche plus depuis vendredi (%s). Acc\xC3\xA8s refus\xC3\xA9.",
      "Bonjour,\n\nnous voulons commander : %t pour %s. Qui doit valider ?" },
    { "Hola,\n\ndesde esta ma\xC3\xB1" "ana hay un error con %t en %s. Ya reinici\xC3\xA9 dos veces. \xC2\xBFPueden verlo hoy?\n\nGracias",
      "Buenos d\xC3\xAD" "as,\n\nnecesito ayuda con %t en %s antes de la reuni\xC3\xB3n.\n\nSaludos",
      "Hola,\n\n%t no funciona desde el viernes (%s). Acceso denegado.",
      "Hola,\n\nqueremos pedir %t para %s. \xC2\xBFQui\xC3\xA9n lo aprueba?" },
    { "\xE3\x81\x8A\xE4\xB8\x96\xE8\xA9\xB1\xE3\x81\xAB\xE3\x81\xAA\xE3\x81\xA3\xE3\x81\xA6\xE3\x81\x8A\xE3\x82\x8A\xE3\x81\xBE\xE3\x81\x99\xE3\x80\x82%t\xE3\x81\x8C%s\xE3\x81\xA7\xE4\xBD\xBF\xE3\x81\x88\xE3\x81\xBE\xE3\x81\x9B\xE3\x82\x93\xE3\x80\x82",
      "%t\xE3\x81\xAB\xE3\x81\xA4\xE3\x81\x84\xE3\x81\xA6%s\xE3\x81\x8B\xE3\x82\x89\xE8\xB3\xAA\xE5\x95\x8F\xE3\x81\xA7\xE3\x81\x99\xE3\x80\x82",
      "%s\xE3\x81\xAE%t\xE3\x81\xAB\xE3\x82\xA8\xE3\x83\xA9\xE3\x83\xBC\xE3\x81\x8C\xE5\x87\xBA\xE3\x81\xBE\xE3\x81\x99\xE3\x80\x82",
      "%t\xE3\x82\x92%s\xE3\x81\xA7\xE7\x94\xB3\xE8\xAB\x8B\xE3\x81\x97\xE3\x81\x9F\xE3\x81\x84\xE3\x81\xA7\xE3\x81\x99\xE3\x80\x82" },
};

static const char *const answers[SEED_LANGUAGES][2] = {
    { "Hello,\n\nthank you for writing. We found the cause of the trouble with the %t in %s and changed the "
      "configuration. Please sign out, wait a minute and try again.\n\nYour support",
      "Hi,\n\ncould you send us the exact text of the message and the time? We look after the %t in %s meanwhile.\n\nYour support" },
    { "Guten Tag,\n\nvielen Dank. Die Ursache bei %t in %s ist gefunden und behoben. Bitte melden Sie sich einmal ab und "
      "wieder an.\n\nIhr Support",
      "Hallo,\n\nk\xC3\xB6nnen Sie uns den genauen Wortlaut der Meldung zu %t (%s) schicken?\n\nIhr Support" },
    { "Bonjour,\n\nla cause est trouv\xC3\xA9" "e : %t, %s. Veuillez vous reconnecter.\n\nLe support",
      "Bonjour,\n\npouvez-vous nous envoyer le message exact pour %t (%s) ?\n\nLe support" },
    { "Hola,\n\nencontramos la causa: %t, %s. Por favor, vuelva a entrar.\n\nSoporte",
      "Hola,\n\n\xC2\xBFpuede enviarnos el mensaje exacto sobre %t (%s)?\n\nSoporte" },
    { "%t (%s) \xE3\x82\x92\xE4\xBF\xAE\xE6\xAD\xA3\xE3\x81\x97\xE3\x81\xBE\xE3\x81\x97\xE3\x81\x9F\xE3\x80\x82\xE3\x81\x94\xE7\xA2\xBA\xE8\xAA\x8D\xE3\x81\x8F\xE3\x81\xA0\xE3\x81\x95\xE3\x81\x84\xE3\x80\x82",
      "%t (%s) \xE3\x81\xAE\xE3\x82\xA8\xE3\x83\xA9\xE3\x83\xBC\xE3\x82\x92\xE3\x81\x8A\xE9\x80\x81\xE3\x82\x8A\xE3\x81\x8F\xE3\x81\xA0\xE3\x81\x95\xE3\x81\x84\xE3\x80\x82" },
};

static const char *const replies[SEED_LANGUAGES][2] = {
    { "It works again, thank you very much! (%t, %s)", "Unfortunately the %t in %s still fails, now with code 0x%x." },
    { "Es geht wieder, vielen Dank! (%t, %s)", "Leider weiterhin ein Fehler: %t in %s, Code 0x%x." },
    { "\xC3\x87" "a marche, merci beaucoup ! (%t, %s)", "Toujours une erreur : %t \xC3\xA0 %s, code 0x%x." },
    { "\xC2\xA1Ya funciona, muchas gracias! (%t, %s)", "Sigue fallando: %t en %s, c\xC3\xB3" "digo 0x%x." },
    { "\xE7\x9B\xB4\xE3\x82\x8A\xE3\x81\xBE\xE3\x81\x97\xE3\x81\x9F\xE3\x80\x82 (%t, %s)", "\xE3\x81\xBE\xE3\x81\xA0%t\xE3\x81\xAE\xE3\x82\xA8\xE3\x83\xA9\xE3\x83\xBC\xE3\x81\xA7\xE3\x81\x99 (%s, 0x%x)\xE3\x80\x82" },
};

static const char *const notes[2] = {
    "Checked the %t in %s: the log shows code 0x%x. Asked the second level.",
    "Customer called about the %t (%s); will call back after lunch.",
};

static const char *const sites[] = { "Berlin", "Hamburg", "Lyon", "Madrid", "Osaka", "Leeds", "Porto", "Vienna",
                                     "Bergen", "Turin", "Gdansk", "Tampere", "Utrecht", "Galway", "Lausanne", "Graz" };
static const char *const first_names[] = {
    "Anna", "Ben", "Carla", "David", "Elif", "Farid", "Greta", "Hiro", "In\xC3\xA9s", "Jonas", "Katja", "Liam",
    "Maria", "Nils", "Olga", "Pedro", "Qi", "Rosa", "S\xC3\xB8ren", "Tara", "Ulrich", "Vera", "Wiktor", "Xenia",
    "Yuki", "Zo\xC3\xAB", "Andr\xC3\xA9", "Bj\xC3\xB6rn", "Chlo\xC3\xA9", "Dmitri", "Emeka", "Fatima",
};
static const char *const last_names[] = {
    "Schmidt", ("Garc\xC3\xAD" "a"), "Tanaka", "M\xC3\xBCller", "Okafor", "Nowak", "Rossi", "Larsen", "Dubois", "Silva",
    "Kowalski", "Novak", "Weber", "Costa", "Petrov", "Yilmaz", "Andersson", "Moreau", "Fischer", "Sato",
    "O'Neill", "van Dijk", "Lindqvist", "Keller", "Haddad", "Mbeki", "Santos", "Virtanen", "Horv\xC3\xA1th", "Brown",
};
static const char *const company_words[] = { "North", "Blue", "Alpine", "Harbour", "Sun", "Iron", "Green", "River",
                                             "Stone", "Cedar", "Polar", "Delta", "Amber", "Silver", "Maple", "Orion" };
static const char *const company_kinds[] = { "Logistics", "Bakery", "Systems", "Clinic", "Foods", "Engineering",
                                             "Insurance", "Travel", "Media", "Textiles", "Energy", "School" };

#define PICK(r, list) list[seed_below((r), ARRAY_LEN(list))]

struct seed_topic seed_topic_pick(struct seed_rng *r)
{
    uint64_t l = seed_below(r, 100);

    return (struct seed_topic){ .language = l < 50 ? 0 : l < 75 ? 1 : l < 87 ? 2 : l < 95 ? 3 : 4,
                                .topic = (unsigned)seed_below(r, TOPICS),
                                .site = (unsigned)seed_below(r, ARRAY_LEN(sites)) };
}

const char *seed_topic_tag(const struct seed_topic *t)
{
    return tags[t->topic];
}

void seed_person(struct seed_rng *r, struct buf *name)
{
    buf_str(name, str_of(PICK(r, first_names)));
    buf_char(name, ' ');
    buf_str(name, str_of(PICK(r, last_names)));
}

void seed_company(struct seed_rng *r, uint64_t nth, struct buf *name, struct buf *domain)
{
    const char *word = PICK(r, company_words), *kind = PICK(r, company_kinds);

    buf_printf(name, "%s %s %llu", word, kind, (unsigned long long)nth);
    buf_printf(domain, "%s-%s-%llu.example", word, kind, (unsigned long long)nth);
    for (size_t i = 0; i < domain->n; i++)
        if (domain->p[i] >= 'A' && domain->p[i] <= 'Z')
            domain->p[i] = (char)(domain->p[i] | 0x20);
}

static void expand(struct seed_rng *r, const struct seed_topic *t, const char *form, struct buf *out)
{
    for (; *form; form++) {
        if (form[0] != '%') {
            buf_char(out, *form);
            continue;
        }
        form++;
        if (*form == 't')
            buf_str(out, str_of(things[t->language][t->topic]));
        else if (*form == 's')
            buf_str(out, str_of(sites[t->site]));
        else
            buf_printf(out, "%04x", (unsigned)seed_below(r, 0x10000));
    }
}

void seed_title(struct seed_rng *r, const struct seed_topic *t, struct buf *out)
{
    expand(r, t, PICK(r, titles[t->language]), out);
}

void seed_request(struct seed_rng *r, const struct seed_topic *t, struct buf *out)
{
    expand(r, t, PICK(r, requests[t->language]), out);
    if (seed_chance(r, 30))
        buf_printf(out, "\n\nAsset HD-%04u", (unsigned)seed_below(r, 10000));
}

void seed_answer(struct seed_rng *r, const struct seed_topic *t, struct buf *out)
{
    expand(r, t, PICK(r, answers[t->language]), out);
}

void seed_reply(struct seed_rng *r, const struct seed_topic *t, struct buf *out)
{
    expand(r, t, PICK(r, replies[t->language]), out);
}

void seed_note(struct seed_rng *r, const struct seed_topic *t, struct buf *out)
{
    expand(r, t, PICK(r, notes), out);
}
