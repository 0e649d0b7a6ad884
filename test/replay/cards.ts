import type { MetricKey } from '../../app/metrics/metrics.ts';

export type Card = Readonly<Partial<Record<MetricKey, number | null>>>;

const MIB = 2 ** 20;

/** Read in the files by eye, first GPU of each: what a person sees there, across drivers 352 to 610. null: no value. */
export const cards: Readonly<Record<string, Card>> = {
  'rai-project__nvidia-smi/example1.xml': {
    ...{ coreTempC: 31, tempSlowdownC: 92, tempShutdownC: 97, tempMaxC: null, memTempC: null, tempMarginK: null },
    ...{ powerW: 17.97, powerAverageW: null, powerLimitW: 125, powerRequestedLimitW: 125, powerMinLimitW: 85 },
    ...{ powerMaxLimitW: 130, fanPct: null, pstate: 8, throttleReasons: 1, vramUsedBytes: 11 * MIB },
    ...{ vramReservedBytes: null, bar1UsedBytes: 2 * MIB, bar1TotalBytes: 128 * MIB, graphicsClockMhz: 324 },
    ...{ videoClockMhz: null, maxMemClockMhz: 2500, pcieGen: 1, pcieMaxGen: 3, pcieWidth: 16, pcieReplays: 0 },
    ...{ eccMode: null, eccUncorrectedAggregate: null, persistenceMode: 1, migMode: null, recoveryAction: null },
  },
  'nvidia-smi-on-mock-driver/rtx4090-hwthermal-fanstop--smi-390.157.xml': {
    ...{ coreTempC: 98, memTempC: 84, tempShutdownC: 100, tempSlowdownC: 97, tempMaxC: 90, memMaxTempC: 90 },
    ...{ powerW: 188, powerMaxLimitW: 600, fanPct: 0, gpuUtilPct: 99, memUtilPct: 47, pstate: 2 },
    ...{ throttleReasons: 0x8 | 0x40 | 0x20, videoClockMhz: 2055, maxVideoClockMhz: 2415, eccMode: 0 },
    ...{ retiredPagesSbe: 0, retiredPagesDbe: 0, retiredPagesPending: 0, persistenceMode: 0, pcieTxBytesPerS: 0 },
  },
  'nvidia-smi-on-mock-driver/rtx4090-ecc-xid48--smi-550.xml': {
    ...{ coreTempC: 71, tempMarginK: 0, tempShutdownC: 74, tempSlowdownC: 71, tempMaxC: 64, tempTargetC: 90 },
    ...{ powerW: 412.35, powerAverageW: 412.35, powerInstantW: 412.35, powerLimitW: 450, fanPct: 63 },
    ...{ remappedRowsCorrectable: 1, remappedRowsUncorrectable: 3, remapPending: 1, remapFailure: 1 },
    ...{ remapBanksMax: 190, remapBanksHigh: 1, remapBanksLow: 0, remapBanksNone: 0, vramReservedBytes: 453 * MIB },
    ...{ throttleReasons: 0x4 | 0x20, jpegUtilPct: 0, ofaUtilPct: 0, migMode: 0, migInstances: null },
  },
  'influxdata__telegraf/quadro-p400.xml': {
    ...{ coreTempC: 33, powerW: null, powerLimitW: null, powerMinLimitW: null, fanPct: 34, tempShutdownC: 103 },
    ...{ tempSlowdownC: 100, tempMaxC: null, graphicsClockMhz: 139, videoClockMhz: 544, maxSmClockMhz: 1252 },
    ...{ memUtilPct: 3, vramTotalBytes: 1998 * MIB, vramUsedBytes: 0, eccMode: null, retiredPagesSbe: null },
  },
  'influxdata__telegraf/gtx-1660-ti.xml': {
    ...{ coreTempC: 40, powerW: 8.93, powerMinLimitW: 70, fanPct: 0, tempMaxC: 91, memTempC: null, memClockMhz: 405 },
    ...{ maxMemClockMhz: 4001, pcieGen: 1, pcieMaxGen: 3, throttleReasons: 1, encoderUtilPct: 0, jpegUtilPct: null },
  },
  'f1shl3gs__vertex/nvidia-smi.xml': {
    ...{ coreTempC: 39, powerW: 17.22, gpuUtilPct: 19, memUtilPct: 17, tempTargetC: 83, tempMaxC: null },
    ...{ tempShutdownC: 99, powerLimitW: 180, powerMaxLimitW: 252, pcieTxBytesPerS: 12e6, pcieRxBytesPerS: 1e6 },
    ...{ bar1UsedBytes: 6 * MIB, remappedRowsCorrectable: null, migMode: null, persistenceMode: 0 },
  },
  'netdata__netdata/a100-sxm4-mig.xml': {
    ...{ coreTempC: 36, memTempC: 44, powerW: 66.92, gpuUtilPct: null, fanPct: null, tempMaxC: 85, memMaxTempC: 95 },
    ...{ powerLimitW: 400, powerMinLimitW: 100, throttleReasons: 0, eccMode: 1, eccCorrectedAggregate: 0 },
    ...{
      eccUncorrectedAggregate: 0,
      eccCorrectedVolatile: null,
      migMode: 1,
      migInstances: 2,
      vramReservedBytes: 605 * MIB,
    },
    ...{ remapPending: null, bar1TotalBytes: 65536 * MIB, videoClockMhz: 1275, maxVideoClockMhz: 1290 },
  },
  'netdata__netdata/tesla-p100.xml': {
    ...{ coreTempC: 38, tempShutdownC: 85, tempSlowdownC: 82, tempMaxC: null, powerW: 26.16, powerMinLimitW: 125 },
    ...{ eccMode: 1, eccCorrectedVolatile: 0, eccCorrectedAggregate: 3, eccUncorrectedAggregate: 0 },
    ...{ retiredPagesSbe: 0, retiredPagesDbe: 0, retiredPagesPending: 0, fanPct: null, memClockMhz: 715 },
  },
  'influxdata__telegraf/a10g.xml': { coreTempC: 17, powerW: 25.58, tempMaxC: 88, powerLimitW: 300 },
  'influxdata__telegraf/tesla-t4.xml': {
    ...{ coreTempC: 40, powerW: 26.78, powerMinLimitW: 60, throttleReasons: 0, pcieWidth: 8, pcieMaxWidth: 16 },
    ...{ eccMode: 1, eccUncorrectedVolatile: 0, retiredPagesPending: 0, fanPct: null, vramUsedBytes: 1032 * MIB },
  },
  'netdata__netdata/rtx-2080-win.xml': {
    ...{ coreTempC: 29, powerW: 14.5, fanPct: 37, gpuUtilPct: 2, powerLimitW: 275, vramUsedBytes: 862 * MIB },
    persistenceMode: null,
  },
  'netdata__netdata/rtx-3060.xml': {
    ...{ coreTempC: 45, powerW: 8.7, powerLimitW: null, fanPct: null, tempSlowdownC: 102, tempMaxC: 75 },
  },
  'influxdata__telegraf/quadro-p2000-v12.xml': {
    ...{ coreTempC: 34, powerW: 4.61, fanPct: 46, tempMarginK: null, tempSlowdownC: 101 },
  },
  'netdata__netdata/rtx-4090-driver-535.xml': {
    ...{ coreTempC: 40, tempMarginK: 43, tempMaxC: 83, tempSlowdownC: 85, tempShutdownC: 90, tempTargetC: 84 },
    ...{ powerW: 26.84, powerAverageW: null, powerLimitW: 450 },
  },
  'influxdata__telegraf/rtx-3060-v12.xml': {
    ...{ coreTempC: 42, tempShutdownC: 98, tempTargetC: 83, powerW: 11.6, powerAverageW: 11.6, powerInstantW: 11.63 },
    ...{ powerLimitW: 170, powerRequestedLimitW: 170, powerMaxLimitW: 190, modulePowerW: null, memoryPowerW: null },
    ...{ videoClockMhz: 555, maxMemClockMhz: 7501, vramReservedBytes: 368 * MIB, recoveryAction: 0 },
  },
  'influxdata__telegraf/3090-v13.xml': {
    ...{ coreTempC: 32, powerW: 35.06, powerInstantW: 35.15, powerLimitW: 350, throttleReasons: 4, pstate: 8 },
    ...{ throttledSwPowerUs: 9840338777, throttledSyncBoostUs: 0, pcieTxBytesPerS: 488e3, pcieRxBytesPerS: 439e3 },
    ...{ recoveryAction: 0, persistenceMode: 1, remapPending: null, memUtilPct: 1, maxMemClockMhz: 9751 },
  },
  'influxdata__telegraf/rtx-4000-sff-ada-v13.xml': {
    ...{ coreTempC: 38, tempMarginK: 49, tempSlowdownC: 89, tempShutdownC: 94, tempMaxC: 87, tempTargetC: 88 },
    ...{ powerW: 8.81, powerMinLimitW: 30, throttledSwPowerUs: 4251825415, powerLimitW: 70, fanPct: 30, eccMode: 0 },
    ...{ remappedRowsCorrectable: 0, remapBanksMax: 96, remapBanksNone: 0, bar1UsedBytes: 3732 * MIB },
  },
  'leptonai__gpud/nvidia-smi-query.535.129.03.out.0.valid.a10': {
    ...{ coreTempC: 33, tempShutdownC: 101, tempSlowdownC: 98, tempMaxC: 91, tempTargetC: null, powerW: 43.89 },
    ...{ powerAverageW: null, powerMinLimitW: 100, remappedRowsUncorrectable: 4, remapPending: 1, remapFailure: 0 },
    ...{ remapBanksMax: 192, eccUncorrectedVolatile: 0, retiredPagesSbe: null, fanPct: 0, throttleReasons: 1 },
  },
  'split/linux-x86_64__nvidia-h200__590.48.01/11-idle-query-q.txt': {
    ...{ coreTempC: 28, memTempC: 32, tempMarginK: 59, tempMaxC: 87, tempSlowdownC: 89, tempShutdownC: 95 },
    ...{ memMaxTempC: null, powerW: 77.67, powerInstantW: 77.88, memoryPowerW: 46.56, modulePowerW: null },
    ...{ pcieGen: 5, pcieTxBytesPerS: 371e3, eccUncorrectedVolatile: 0, sramThresholdExceeded: 0, remapBanksMax: 3072 },
    ...{ vramTotalBytes: 143771 * MIB, bar1UsedBytes: MIB, migMode: 0, recoveryAction: 0, fanPct: null },
  },
  'split/linux-x86_64__nvidia-h100-mig__590.48.01/11-idle-query-q.txt': {
    ...{ coreTempC: 42, tempMaxC: 87, powerW: 71.27, pcieReplays: 9, migMode: 1, migInstances: 4, gpuUtilPct: null },
    ...{ vramUsedBytes: 59 * MIB, bar1UsedBytes: 81081 * MIB, remapPending: null, eccMode: 1 },
  },
  'own/driver-610-idle-query-q.txt': {
    ...{ coreTempC: 41, tempMarginK: 46, tempMaxC: 87, tempSlowdownC: 90, tempShutdownC: 93, tempTargetC: 82 },
    ...{ memTempC: 58, memMaxTempC: null, powerW: 61.25, powerInstantW: 63.5, powerLimitW: 510 },
    ...{ powerRequestedLimitW: 520, powerDefaultLimitW: 575, powerMinLimitW: 400, powerMaxLimitW: 600 },
    ...{ memoryPowerW: 14.75, modulePowerW: 99.5, throttleReasons: 0x4 | 0x8 | 0x80, throttledPowerBrakeUs: 505 },
    ...{ eccCorrectedVolatile: 5, eccUncorrectedVolatile: 10, eccCorrectedAggregate: 50, eccUncorrectedAggregate: 100 },
    ...{ sramThresholdExceeded: 1, remapBanksPartial: 8, remapBanksLow: 1, recoveryAction: 4, pcieGen: 1 },
    ...{ pcieWidth: 8, pcieMaxWidth: 16, pcieReplays: 7, pcieRxBytesPerS: 2048e3, videoClockMhz: 705 },
  },
};
