/* What changes from moment to moment, and the limits it is judged by. */
#include "mock.h"

/* device → one unsigned int */
#define SINGLE(symbol, name, otherwise) \
  API(symbol)(device_t device, unsigned *out) { \
    CALL(symbol) \
    HAVE(found, name, otherwise) \
    *out = (unsigned)whole(gpu, name, found); \
    return SUCCESS; \
  }
/* device → two unsigned ints */
#define PAIR(symbol, first, first_value, second, second_value) \
  API(symbol)(device_t device, unsigned *a, unsigned *b) { \
    CALL(symbol) \
    HAVE(found, first, first_value) \
    *a = (unsigned)whole(gpu, first, found); \
    *b = (unsigned)whole(gpu, second, value(gpu, second, second_value)); \
    return SUCCESS; \
  }

/* ---- heat */
API(nvmlDeviceGetTemperature)(device_t device, int sensor, unsigned *temp) {
  CALL(nvmlDeviceGetTemperature)
  if (sensor != 0) return INVALID_ARGUMENT;
  HAVE(found, "temp", simulated(gpu, "temp", 60 + gpu))
  *temp = (unsigned)whole(gpu, "temp", found);
  return SUCCESS;
}
API(nvmlDeviceGetTemperatureThreshold)(device_t device, int type, unsigned *temp) {
  CALL(nvmlDeviceGetTemperatureThreshold)
  static const double limits[] = {98, 95, NONE, 93, NONE, 83, NONE, NONE};
  static const char *names[] = {"shutdown",     "slowdown",      "mem_max",      "gpu_max",
                                "acoustic_min", "acoustic_curr", "acoustic_max", "gps_curr"};
  if (type < 0 || type > 7) return INVALID_ARGUMENT;
  HAVE(limit, names[type], limits[type])
  *temp = (unsigned)whole(gpu, names[type], limit);
  return SUCCESS;
}
typedef struct {
  unsigned version;
  int margin;
} margin_t;
API(nvmlDeviceGetMarginTemperature)(device_t device, margin_t *out) {
  CALL(nvmlDeviceGetMarginTemperature)
  if (out->version != (sizeof *out | 1u << 24)) return VERSION_MISMATCH;
  HAVE(margin, "margin", NONE)
  out->margin = (int)margin;
  return SUCCESS;
}

/* ---- power */
static double power_mw(int gpu) { return simulated(gpu, "power_mw", 200000 + 1000 * gpu); }
API(nvmlDeviceGetPowerUsage)(device_t device, unsigned *milliwatts) {
  CALL(nvmlDeviceGetPowerUsage)
  HAVE(power, "power_mw", power_mw(gpu))
  *milliwatts = (unsigned)whole(gpu, "power_mw", power);
  return SUCCESS;
}
API(nvmlDeviceGetTotalEnergyConsumption)(device_t device, ull *millijoules) {
  CALL(nvmlDeviceGetTotalEnergyConsumption)
  double since_load = value(gpu, "power_mw", 200000 + 1000 * gpu) * seconds();
  HAVE(energy, "energy_mj", simulated(gpu, "energy_mj", since_load))
  *millijoules = whole(gpu, "energy_mj", energy);
  return SUCCESS;
}
static int give_cap(int gpu, unsigned *milliwatts) {
  double cap = power_cap_mw(gpu);
  if (isnan(cap)) return NOT_SUPPORTED;
  *milliwatts = (unsigned)cap;
  return SUCCESS;
}
API(nvmlDeviceGetEnforcedPowerLimit)(device_t device, unsigned *milliwatts) {
  CALL(nvmlDeviceGetEnforcedPowerLimit)
  return give_cap(gpu, milliwatts);
}
API(nvmlDeviceGetPowerManagementLimit)(device_t device, unsigned *milliwatts) {
  CALL(nvmlDeviceGetPowerManagementLimit)
  return give_cap(gpu, milliwatts);
}
SINGLE(nvmlDeviceGetPowerManagementDefaultLimit, "power_default_mw", 350000)
PAIR(nvmlDeviceGetPowerManagementLimitConstraints, "power_min_mw", 100000, "power_max_mw", 400000)
API(nvmlDeviceSetPowerManagementLimit)(device_t device, unsigned milliwatts) {
  CALL(nvmlDeviceSetPowerManagementLimit)
  HAVE(low, "power_min_mw", 100000)
  if (milliwatts < low || milliwatts > value(gpu, "power_max_mw", 400000)) return INVALID_ARGUMENT;
  char path[512];
  control_path(path, sizeof path, "cap", gpu);
  FILE *file = path[0] ? fopen(path, "w") : 0;
  if (!file) return 17; /* OPERATING_SYSTEM: there is no control file beside which to keep it */
  fprintf(file, "%u", milliwatts);
  fclose(file);
  return SUCCESS;
}

/* ---- load */
API(nvmlDeviceGetUtilizationRates)(device_t device, unsigned *rates) {
  CALL(nvmlDeviceGetUtilizationRates)
  HAVE(load, "gpu_util", simulated(gpu, "gpu_util", 97))
  rates[0] = (unsigned)whole(gpu, "gpu_util", load);
  rates[1] = (unsigned)whole(gpu, "mem_util", value(gpu, "mem_util", 41));
  return SUCCESS;
}
PAIR(nvmlDeviceGetEncoderUtilization, "encoder", 11, "sample_us", 167000)
PAIR(nvmlDeviceGetDecoderUtilization, "decoder", 12, "sample_us", 167000)
PAIR(nvmlDeviceGetJpgUtilization, "jpeg", 13, "sample_us", 167000)
PAIR(nvmlDeviceGetOfaUtilization, "ofa", 14, "sample_us", 167000)

/* ---- memory: "memory" none is a device that shares the computer's */
typedef struct {
  unsigned version;
  ull total, reserved, free, used;
} memory_v2_t;
typedef struct {
  ull total, free, used;
} memory_t;
#define GIB (1024.0 * 1024 * 1024)
#define RESERVED (400ull << 20)
API(nvmlDeviceGetMemoryInfo_v2)(device_t device, memory_v2_t *memory) {
  CALL(nvmlDeviceGetMemoryInfo_v2)
  if (memory->version != (sizeof *memory | 2u << 24)) return VERSION_MISMATCH;
  HAVE(total, "memory", 24 * GIB)
  memory->total = whole(gpu, "memory", total);
  memory->reserved = RESERVED;
  memory->used = whole(gpu, "vram_used", 8 * GIB);
  memory->free = memory->total - memory->reserved - memory->used;
  return SUCCESS;
}
API(nvmlDeviceGetMemoryInfo)(device_t device, memory_t *memory) {
  CALL(nvmlDeviceGetMemoryInfo)
  HAVE(total, "memory", 24 * GIB)
  if (instance(device) >= 0) {
    *memory = (memory_t){5ull << 30, 3ull << 30, 2ull << 30};
    return SUCCESS;
  }
  memory->total = whole(gpu, "memory", total);
  memory->used = whole(gpu, "vram_used", 8 * GIB) + RESERVED;
  memory->free = memory->total - memory->used;
  return SUCCESS;
}
API(nvmlDeviceGetBAR1MemoryInfo)(device_t device, memory_t *memory) {
  CALL(nvmlDeviceGetBAR1MemoryInfo)
  HAVE(total, "bar1", 256 << 20)
  *memory = (memory_t){(ull)total, (ull)total - (6ull << 20), 6ull << 20};
  return SUCCESS;
}

/* ---- clocks */
static int give_clock(int gpu, int type, const char *const names[], const double defaults[], unsigned *megahertz) {
  if (type < 0 || type > 3) return INVALID_ARGUMENT;
  HAVE(found, names[type], defaults[type])
  *megahertz = (unsigned)whole(gpu, names[type], found);
  return SUCCESS;
}
API(nvmlDeviceGetClockInfo)(device_t device, int type, unsigned *megahertz) {
  CALL(nvmlDeviceGetClockInfo)
  static const char *const names[] = {"graphics", "sm", "mem_clock", "video"};
  double graphics = simulated(gpu, "graphics", 1800 + gpu);
  const double clocks[] = {graphics, graphics, 9751 + gpu, 1500 + gpu};
  return give_clock(gpu, type, names, clocks, megahertz);
}
API(nvmlDeviceGetMaxClockInfo)(device_t device, int type, unsigned *megahertz) {
  CALL(nvmlDeviceGetMaxClockInfo)
  static const char *const names[] = {"max_graphics", "max_sm", "max_mem", "max_video"};
  static const double clocks[] = {2100, 2100, 9751, 1950};
  return give_clock(gpu, type, names, clocks, megahertz);
}
API(nvmlDeviceGetPerformanceState)(device_t device, unsigned *state) {
  CALL(nvmlDeviceGetPerformanceState)
  HAVE(found, "pstate", simulated(gpu, "pstate", 2))
  *state = (unsigned)found;
  return SUCCESS;
}
static int give_reasons(int gpu, ull *mask) {
  HAVE(found, "reasons", simulated(gpu, "reasons", 0x4))
  *mask = whole(gpu, "reasons", found);
  return SUCCESS;
}
API(nvmlDeviceGetCurrentClocksEventReasons)(device_t device, ull *mask) {
  CALL(nvmlDeviceGetCurrentClocksEventReasons)
  return give_reasons(gpu, mask);
}
API(nvmlDeviceGetCurrentClocksThrottleReasons)(device_t device, ull *mask) {
  CALL(nvmlDeviceGetCurrentClocksThrottleReasons)
  return give_reasons(gpu, mask);
}

/* ---- fans: without any, an H100 (driver 580.159.04) answers INVALID_ARGUMENT to what names a fan */
static int give_fan(int gpu, unsigned index, unsigned *percent) {
  if (index >= value(gpu, "fans", 2)) return INVALID_ARGUMENT;
  *percent = (unsigned)whole(gpu, "fan", value(gpu, "fan", 55));
  return SUCCESS;
}
API(nvmlDeviceGetFanSpeed)(device_t device, unsigned *percent) {
  CALL(nvmlDeviceGetFanSpeed)
  if (value(gpu, "fans", 2) == 0) return NOT_SUPPORTED;
  return give_fan(gpu, 0, percent);
}
API(nvmlDeviceGetFanSpeed_v2)(device_t device, unsigned fan, unsigned *percent) {
  CALL(nvmlDeviceGetFanSpeed_v2)
  return give_fan(gpu, fan, percent);
}
typedef struct {
  unsigned version, fan, speed;
} fan_speed_t;
API(nvmlDeviceGetFanSpeedRPM)(device_t device, fan_speed_t *out) {
  CALL(nvmlDeviceGetFanSpeedRPM)
  if (out->version != (sizeof *out | 1u << 24)) return VERSION_MISMATCH;
  if (out->fan >= value(gpu, "fans", 2)) return INVALID_ARGUMENT;
  out->speed = (unsigned)whole(gpu, "fan_rpm", value(gpu, "fan_rpm", 1650));
  return SUCCESS;
}

/* ---- the link to the computer: "pcie" none is a device without one */
#define LINK(symbol, name, otherwise) \
  API(symbol)(device_t device, unsigned *out) { \
    CALL(symbol) \
    HAVE(pcie, "pcie", 1) \
    HAVE(found, name, otherwise) \
    *out = (unsigned)whole(gpu, name, found); \
    return SUCCESS; \
  }
LINK(nvmlDeviceGetCurrPcieLinkGeneration, "pcie_gen", 4)
LINK(nvmlDeviceGetCurrPcieLinkWidth, "pcie_width", 16)
LINK(nvmlDeviceGetMaxPcieLinkGeneration, "pcie_max_gen", 4)
LINK(nvmlDeviceGetMaxPcieLinkWidth, "pcie_max_width", 16)
LINK(nvmlDeviceGetPcieReplayCounter, "pcie_replays", 3)
API(nvmlDeviceGetPcieThroughput)(device_t device, int counter, unsigned *kilobytes) {
  CALL(nvmlDeviceGetPcieThroughput)
  if (counter < 0 || counter > 1) return INVALID_ARGUMENT;
  HAVE(pcie, "pcie", 1)
  static const char *const names[] = {"pcie_tx_kb", "pcie_rx_kb"};
  *kilobytes = (unsigned)whole(gpu, names[counter], value(gpu, names[counter], counter ? 54000 : 2000));
  return SUCCESS;
}
