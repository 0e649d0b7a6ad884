/* A stand-in for Windows' performance library: the five functions that are called, with 16-bit text. What it counts is
 * in the file named by MOCK_PDH, read again at each collection; one line each:
 *   memory|adapter|engine INSTANCE VALUE [STATUS]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API __attribute__((visibility("default")))
#define MORE_DATA ((int)0x800007d2)
#define NO_SUCH_OBJECT ((int)0xc0000bb8)
#define FORMAT_DOUBLE 0x200
#define MOST 512

typedef uint16_t text16;
typedef struct {
  text16 *name;
  uint32_t status, pad;
  double value;
} item_t;
static struct {
  int counter;
  char name[200];
  double value;
  uint32_t status;
} lines[MOST];
static int line_count, collections;

API int PdhOpenQueryW(const text16 *source, uintptr_t user, uintptr_t *query) {
  (void)source, (void)user;
  *query = 77;
  return getenv("MOCK_PDH") ? 0 : NO_SUCH_OBJECT;
}

static int is(const text16 *path, const char *expected) {
  while (*expected && *path == (unsigned char)*expected) path++, expected++;
  return !*expected && !*path;
}

API int PdhAddEnglishCounterW(uintptr_t query, const text16 *path, uintptr_t user, uintptr_t *counter) {
  (void)user;
  static const char *paths[] = {"\\GPU Process Memory(*)\\Dedicated Usage", "\\GPU Adapter Memory(*)\\Dedicated Usage",
                                "\\GPU Engine(*)\\Utilization Percentage"};
  for (int i = 0; i < 3; i++)
    if (query == 77 && is(path, paths[i])) {
      *counter = (uintptr_t)i + 1;
      return 0;
    }
  return NO_SUCH_OBJECT;
}

API int PdhCollectQueryData(uintptr_t query) {
  const char *path = getenv("MOCK_PDH");
  FILE *file = path && query == 77 ? fopen(path, "r") : 0;
  if (!file) return NO_SUCH_OBJECT;
  static const char *kinds[] = {"memory", "adapter", "engine"};
  char kind[16];
  line_count = 0;
  for (char line[300]; line_count < MOST && fgets(line, sizeof line, file);) {
    lines[line_count].status = 0;
    if (sscanf(line, "%15s %199s %lf %u", kind, lines[line_count].name, &lines[line_count].value, &lines[line_count].status) < 3)
      continue;
    for (int i = 0; i < 3; i++)
      if (!strcmp(kind, kinds[i])) lines[line_count++].counter = i + 1;
  }
  fclose(file);
  collections++;
  return 0;
}

API int PdhGetFormattedCounterArrayW(uintptr_t counter, uint32_t format, uint32_t *bytes, uint32_t *count, item_t *items) {
  if (format != FORMAT_DOUBLE) return NO_SUCH_OBJECT;
  if (counter == 3 && collections < 2) return NO_SUCH_OBJECT; /* a rate needs two moments */
  size_t needed = 0;
  uint32_t found = 0;
  for (int i = 0; i < line_count; i++)
    if (lines[i].counter == (int)counter) found++, needed += sizeof(item_t) + 2 * (strlen(lines[i].name) + 1);
  int room = needed <= *bytes;
  *bytes = needed;
  *count = found;
  if (!room) return MORE_DATA;
  text16 *text = (text16 *)(items + found); /* names lie behind the items */
  for (int i = 0, at = 0; i < line_count; i++) {
    if (lines[i].counter != (int)counter) continue;
    items[at++] = (item_t){text, lines[i].status, 0, lines[i].value};
    for (const char *c = lines[i].name; *c; c++) *text++ = (unsigned char)*c;
    *text++ = 0;
  }
  return 0;
}

API int PdhCloseQuery(uintptr_t query) {
  return query == 77 ? 0 : NO_SUCH_OBJECT;
}
