/*
 * Heat, first order: a load asks for power up to the cap, power warms the die towards ambient + power × resistance, with
 * one time constant. Nothing is simulated, and nothing costs anything, until the control file sets a load.
 */
#include "mock.h"
#include <pthread.h>

#define IDLE_MW 25000.0
#define SHUTS_DOWN_C 110.0

typedef struct {
  double temp, power, energy, at;
} state_t;
static state_t states[MAX_GPUS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* what was set by a call outlives the library, in a file beside the control file */
double power_cap_mw(int gpu) {
  char path[512];
  double cap = value(gpu, "power_set_mw", value(gpu, "power_limit_mw", 350000));
  control_path(path, sizeof path, "cap", gpu);
  FILE *file = path[0] ? fopen(path, "r") : 0;
  if (!file) return cap;
  double set;
  if (fscanf(file, "%lf", &set) == 1) cap = set;
  fclose(file);
  return cap;
}

static double bounded(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}

/* what: temp, power_mw, energy_mj, gpu_util, reasons, pstate, graphics */
double simulated(int gpu, const char *what, double otherwise) {
  double load = value(gpu, "load", NONE);
  if (isnan(load)) return otherwise;
  double cap = power_cap_mw(gpu), full = value(gpu, "full_power_mw", 340000);
  if (isnan(cap)) cap = full;
  double ambient = value(gpu, "ambient", 25), per_watt = value(gpu, "k_per_w", 0.14), tau = value(gpu, "tau_s", 20);
  double asked = IDLE_MW + bounded(load, 0, 100) / 100 * (full - IDLE_MW);
  pthread_mutex_lock(&lock);
  state_t *state = &states[gpu];
  double now = seconds();
  if (!state->at) *state = (state_t){ambient + IDLE_MW / 1000 * per_watt, IDLE_MW, 0, now};
  double dt = now - state->at;
  state->at = now;
  state->energy += state->power * dt;
  state->power = asked < cap ? asked : cap;
  double target = ambient + state->power / 1000 * per_watt;
  state->temp = bounded(target + (state->temp - target) * exp(-dt / tau), ambient, SHUTS_DOWN_C);
  state_t seen = *state;
  pthread_mutex_unlock(&lock);
  if (!strcmp(what, "temp")) return seen.temp;
  if (!strcmp(what, "power_mw")) return seen.power;
  if (!strcmp(what, "energy_mj")) return seen.energy;
  if (!strcmp(what, "gpu_util")) return load;
  if (!strcmp(what, "pstate")) return load > 0 ? 2 : 8;
  if (!strcmp(what, "graphics")) return load > 0 ? 210 + 1590 * seen.power / full : 210;
  if (!strcmp(what, "reasons")) return load <= 0 ? 0x1 : (asked > cap ? 0x4 : 0) + (seen.temp >= 93 ? 0x20 : 0);
  return otherwise;
}
