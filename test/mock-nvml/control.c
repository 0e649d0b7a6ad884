/* The control file, and what each call does first: obey it. */
#include "mock.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_RULES 512
#define MAX_EVENTS 64
#define ANY -2

enum { SET, CODE, DELAY, HANG, PROFILE, EVENT, KINDS };
static const char *kinds[KINDS] = {"set", "code", "delay", "hang", "profile", "event"};
typedef struct {
  int kind, gpu;
  char name[64];
  double value;
  ull whole;
  const profile_t *profile;
} rule_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static rule_t rules[MAX_RULES];
static int rule_count;
static event_t told[MAX_EVENTS];
static int told_count;
static struct stat control;

/* The environment steers too, and may change while the process runs. It is looked through when it has changed and not at
   every call: what a call costs is measured as the driver's time. */
extern char **environ;
enum { CONTROL_FILE, PROFILE_NAME, LOG_FILE, GPU_COUNT, VARIABLES };
static const char *const variables[VARIABLES] = {"MOCK_NVML_CONTROL=", "MOCK_NVML_PROFILE=", "MOCK_NVML_LOG=",
                                                 "MOCK_NVML_COUNT="};
static struct {
  char **list, *last, *entry[VARIABLES];
  int size, slot[VARIABLES];
} seen;

static int has_changed(void) {
  if (environ != seen.list || environ[seen.size] || (seen.size && environ[seen.size - 1] != seen.last)) return 1;
  for (int i = 0; i < VARIABLES; i++)
    if (seen.entry[i] && environ[seen.slot[i]] != seen.entry[i]) return 1;
  return 0;
}

static void look_again(void) {
  memset(seen.entry, 0, sizeof seen.entry);
  for (seen.size = 0; environ[seen.size]; seen.size++)
    for (int i = 0; i < VARIABLES; i++)
      if (!strncmp(environ[seen.size], variables[i], strlen(variables[i]))) {
        seen.entry[i] = environ[seen.size];
        seen.slot[i] = seen.size;
      }
  seen.list = environ;
  seen.last = seen.size ? environ[seen.size - 1] : 0;
}

/* what `enter` saw at the beginning of the call */
static const char *variable(int which) {
  return seen.entry[which] ? seen.entry[which] + strlen(variables[which]) : 0;
}

static double number(const char *text) {
  return !strcmp(text, "none") ? NONE : strtod(text, 0);
}

static int kind_of(const char *word) {
  for (int kind = 0; kind < KINDS; kind++)
    if (!strcmp(word, kinds[kind])) return kind;
  return KINDS;
}

static void parse(FILE *file) {
  char line[256], kind[16], gpu[16], name[64], text[64];
  event_t events[MAX_EVENTS];
  int event_count = 0;
  rule_count = 0;
  while (file && rule_count < MAX_RULES && fgets(line, sizeof line, file)) {
    text[0] = 0;
    if (sscanf(line, "%15s %15s %63s %63s", kind, gpu, name, text) < 3) continue;
    rule_t rule = {.kind = kind_of(kind), .gpu = strcmp(gpu, "*") ? atoi(gpu) : ANY};
    if (rule.kind == KINDS) continue;
    if (rule.kind == EVENT) {
      if (event_count < MAX_EVENTS) events[event_count++] = (event_t){rule.gpu, strtoull(text, 0, 0)};
      continue;
    }
    strcpy(rule.name, name);
    rule.value = number(text);
    char *end;
    rule.whole = strtoull(text, &end, 0); /* exact above 2^53 */
    if (*end) rule.whole = rule.value > 0 ? (ull)rule.value : 0;
    if (rule.kind == PROFILE) rule.profile = profile_named(name);
    rules[rule_count++] = rule;
  }
  /* lines that were there before have happened */
  int same = 0;
  while (same < event_count && same < told_count && !memcmp(&events[same], &told[same], sizeof *events)) same++;
  for (int i = same; i < event_count; i++) on_event(events[i]);
  memcpy(told, events, sizeof *events * event_count);
  told_count = event_count;
}

static void reload(void) {
  if (environ && has_changed()) look_again();
  const char *path = variable(CONTROL_FILE);
  struct stat now = {0};
  if (!path || stat(path, &now)) {
    if (rule_count) parse(0); /* the test is over: hanging calls return */
    control = (struct stat){0};
    return;
  }
  if (now.st_ino == control.st_ino && now.st_size == control.st_size &&
      !memcmp(&now.st_mtim, &control.st_mtim, sizeof now.st_mtim))
    return;
  FILE *file = fopen(path, "r");
  if (!file) return;
  control = now;
  parse(file);
  fclose(file);
}

static const rule_t *find(int kind, int gpu, const char *name) {
  for (int i = rule_count - 1; i >= 0; i--) {
    const rule_t *rule = &rules[i];
    if (rule->kind != kind || (rule->gpu != ANY && rule->gpu != gpu)) continue;
    if (!name || !strcmp(rule->name, "*") || !strcmp(rule->name, name)) return rule;
  }
  return 0;
}

const profile_t *profile_of(int gpu) {
  const rule_t *rule = find(PROFILE, gpu, 0);
  const char *named = rule ? 0 : variable(PROFILE_NAME);
  return rule ? rule->profile : named ? profile_named(named) : 0;
}

/* nothing is steered: what follows must cost next to nothing, for it is measured as the driver's time */
int is_plain(void) {
  return !__atomic_load_n(&rule_count, __ATOMIC_RELAXED) && !seen.entry[PROFILE_NAME];
}

double value(int gpu, const char *name, double otherwise) {
  if (is_plain()) return otherwise;
  pthread_mutex_lock(&lock);
  const rule_t *rule = find(SET, gpu, name);
  double found = rule ? rule->value : otherwise;
  if (!rule) profile_value(profile_of(gpu), name, &found);
  pthread_mutex_unlock(&lock);
  return found;
}

ull whole(int gpu, const char *name, double otherwise) {
  if (is_plain()) return (ull)otherwise;
  pthread_mutex_lock(&lock);
  const rule_t *rule = find(SET, gpu, name);
  ull found = rule ? rule->whole : 0;
  pthread_mutex_unlock(&lock);
  return rule ? found : (ull)value(gpu, name, otherwise);
}

void pause_ms(double ms) {
  struct timespec time = {(time_t)(ms / 1000), (long)((ms - 1000 * (long)(ms / 1000)) * 1e6)};
  nanosleep(&time, 0);
}

double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static void write_log(int gpu, const char *symbol) {
  int file = open(variable(LOG_FILE), O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (file < 0) return;
  dprintf(file, "%d %s\n", gpu, symbol);
  close(file);
}

/* 0, or the code that the control file wants; without it, what a library that is not open answers */
int enter(int gpu, const char *symbol) {
  if (environ && has_changed()) look_again();
  if (seen.entry[LOG_FILE]) write_log(gpu, symbol);
  if (is_plain() && !seen.entry[CONTROL_FILE]) return gpu == LIBRARY || is_open() ? SUCCESS : UNINITIALIZED;
  pthread_mutex_lock(&lock);
  reload();
  const rule_t *rule = find(DELAY, gpu, symbol);
  double delay = rule ? rule->value : 0;
  pthread_mutex_unlock(&lock);
  if (delay > 0) pause_ms(delay);
  pthread_mutex_lock(&lock);
  while (find(HANG, gpu, symbol)) {
    pthread_mutex_unlock(&lock); /* other threads go on */
    pause_ms(10);
    pthread_mutex_lock(&lock);
    reload();
  }
  rule = find(CODE, gpu, symbol);
  int code = rule ? (int)rule->value : 0;
  pthread_mutex_unlock(&lock);
  if (code) return code;
  return gpu == LIBRARY || is_open() ? SUCCESS : UNINITIALIZED;
}

int count(void) {
  const char *many = variable(GPU_COUNT);
  double number = value(LIBRARY, "count", many ? atoi(many) : 2);
  return number < MAX_GPUS ? (int)number : MAX_GPUS;
}

/* a file beside the control file, or "" where there is none: state that outlives the library's being unloaded */
void control_path(char *path, size_t size, const char *suffix, int gpu) {
  const char *file = variable(CONTROL_FILE);
  if (file) snprintf(path, size, "%s.%s%d", file, suffix, gpu);
  else path[0] = 0;
}
