/*
 * A stand-in for the driver's NVML library: real C calls through the real binding, without a GPU.
 *
 * The file named by MOCK_NVML_CONTROL steers it while it runs; it is read again whenever it changes. One line each:
 *
 *   set GPU NAME VALUE        a value: set 0 temp 71, set * power_mw 250000, set -1 count 4 (-1: the library itself);
 *                             VALUE none: this card does not have it (NOT_SUPPORTED)
 *   profile GPU NAME          a kind of card: geforce laptop ada a100 t4 vgpu unified (profiles.c)
 *   code GPU SYMBOL CODE      a call answers this nvmlReturn_t: code 1 nvmlDeviceGetTemperature 15, code * * 18
 *   delay GPU SYMBOL MS       a call takes this long
 *   hang GPU SYMBOL           a call does not return while this line is there
 *   event GPU XID CODE        an XID error happens when this line appears
 *
 * GPU and SYMBOL may be '*'. Later lines win. Without the file MOCK_NVML_COUNT says how many GPUs there are, and
 * MOCK_NVML_PROFILE of what kind; calls cost next to nothing. Each call is written to the file MOCK_NVML_LOG, where there
 * is one, as "GPU SYMBOL".
 *
 * set GPU load PCT turns on a simple simulation of heat (thermal.c): power follows load, temperature follows power.
 * set -1 driver_loads N, with another N, is a driver that was reloaded: nothing works until NVML is reopened.
 *
 * Struct layouts and signatures are those of nvml.h. Built without a symbol by -DWITHOUT_<symbol>, as an older driver.
 */
#ifndef MOCK_NVML_H
#define MOCK_NVML_H
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;
/* a handle is the position plus one, and for a MIG instance its number plus one above that: never null */
typedef void *device_t;

#define MAX_GPUS 64
#define LIBRARY -1
#define NONE NAN

enum {
  SUCCESS = 0,
  UNINITIALIZED = 1,
  INVALID_ARGUMENT = 2,
  NOT_SUPPORTED = 3,
  NOT_FOUND = 6,
  INSUFFICIENT_SIZE = 7,
  TIMEOUT = 10,
  VERSION_MISMATCH = 25
};

/* -DWITHOUT_<symbol> hides a symbol: a flag that is 1 pastes to HIDE_1, which moves "hidden" to the second place */
#define SECOND(a, b, ...) b
#define CHOOSE(...) SECOND(__VA_ARGS__)
#define HIDE_1 0, "hidden"
#define VISIBILITY_OF(flag) CHOOSE(HIDE_##flag, "default", 0)
#define VISIBILITY(flag) VISIBILITY_OF(flag)
#define API(symbol) __attribute__((visibility(VISIBILITY(WITHOUT_##symbol)))) int symbol

/* control.c */
int enter(int gpu, const char *symbol);
int is_plain(void);
double value(int gpu, const char *name, double otherwise);
ull whole(int gpu, const char *name, double otherwise);
void pause_ms(double ms);
double seconds(void);
int count(void);
void control_path(char *path, size_t size, const char *suffix, int gpu);
typedef struct {
  int gpu;
  ull xid;
} event_t;
void on_event(event_t event);

/* profiles.c */
typedef struct {
  const char *name, *card;
  int architecture;
  const char *values; /* "name value name value …" */
} profile_t;
const profile_t *profile_named(const char *name);
const profile_t *profile_of(int gpu);
int profile_value(const profile_t *profile, const char *name, double *found);

/* library.c */
int is_open(void);
int position(device_t device);
int instance(device_t device);

/* thermal.c: both answer `otherwise` where no load is set */
double simulated(int gpu, const char *what, double otherwise);
double power_cap_mw(int gpu);

/* what every call about a device does first */
#define CALL(symbol) \
  int gpu = position(device); \
  if (gpu < 0 || gpu >= MAX_GPUS) return INVALID_ARGUMENT; /* the driver would crash */ \
  int code = enter(gpu, #symbol); \
  if (code) return code;

/* a card that does not have it says so */
#define HAVE(variable, name, otherwise) \
  double variable = value(gpu, name, otherwise); \
  if (isnan(variable)) return NOT_SUPPORTED;
#endif
