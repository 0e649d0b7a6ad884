/* Kinds of cards: what they have and have not. Figures are those of public nvidia-smi output of such cards. */
#include "mock.h"

#define NO_POWER_LIMITS "power_limit_mw none power_set_mw none power_default_mw none power_min_mw none power_max_mw none "
#define NO_THRESHOLDS "shutdown none slowdown none mem_max none gpu_max none acoustic_curr none "

static const profile_t profiles[] = {
  {"geforce", "NVIDIA GeForce RTX 3090", 7, "fans 2 jpeg none ofa none"},
  /* no limits, no fan, and limits of 0 degrees */
  {"laptop", "NVIDIA GeForce RTX 3060 Laptop GPU", 7,
   NO_POWER_LIMITS "fans 0 shutdown 0 slowdown 0 gpu_max 0 acoustic_curr 0 persistence 0"},
  /* degrees left to the limit instead of the limit */
  {"ada", "NVIDIA GeForce RTX 4090", 8,
   "acoustic_curr 83 " NO_THRESHOLDS "margin 24 field_193 -7 field_194 -2 field_196 0 ecc 0 fans 2 field_230 0"},
  {"a100", "NVIDIA A100-SXM4-40GB", 7,
   "fans 0 field_82 54 mem_max 95 ecc 1 ecc_count 0 sram_exceeded 0 remap_none 0 remap_max 640 field_142 0 field_143 0 "
   "field_144 0 field_145 0 mig_mode 0 mig_slots 7 field_91 12 margin none max_graphics 1410 persistence 1 "
   "field_185_2 21000 video none encoder none"},
  /* as read from one: driver 580.159.04, passed through to a guest */
  {"h100", "NVIDIA H100 80GB HBM3", 9,
   "fans 0 temp 34 field_82 36 shutdown 95 slowdown 89 mem_max 95 gpu_max 87 acoustic_curr none margin 53 field_193 -8 "
   "field_194 -2 field_196 0 power_mw 70000 power_limit_mw 700000 field_185_2 42000 ecc 1 ecc_count 0 sram_exceeded 0 "
   "remap_none 0 remap_max 2560 field_142 0 field_143 0 field_144 0 field_145 0 field_230 0 mig_mode 0 persistence 1 "
   "pcie_gen 5 pcie_max_gen 5 max_graphics 1980"},
  {"t4", "Tesla T4", 6, "fans 0 ecc 1 ecc_count 0 field_29 0 field_30 0 field_31 0 field_185 none shutdown 96 slowdown 93"},
  {"vgpu", "GRID A100D-10C", 7,
   NO_POWER_LIMITS NO_THRESHOLDS "temp none power_mw none energy_mj none fans 0 field_185 none field_186 none pcie none"},
  {"unified", "NVIDIA GB10", 10, NO_POWER_LIMITS NO_THRESHOLDS "memory none bar1 none fans 0 pcie none mem_clock none"},
};

const profile_t *profile_named(const char *name) {
  for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
    if (!strcmp(profiles[i].name, name)) return &profiles[i];
  return 0;
}

/* Answers 1 and the value where the profile names it: the first of that name counts. */
int profile_value(const profile_t *profile, const char *name, double *found) {
  if (!profile) return 0;
  size_t length = strlen(name);
  for (const char *at = profile->values; *at;) {
    const char *text = strchr(at, ' ') + 1;
    int same = (size_t)(text - at) == length + 1 && !strncmp(at, name, length);
    if (same) {
      *found = strncmp(text, "none", 4) ? strtod(text, 0) : NONE;
      return 1;
    }
    const char *next = strchr(text, ' ');
    at = next ? next + 1 : "";
  }
  return 0;
}
