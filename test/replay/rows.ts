import { banks, count, megahertz, microseconds, percent, type Kind } from './cells.ts';

/** Where a reading stands in each form, newest name first; "a + b" is a sum of what is printed apart. */
export type Printed = {
  readonly kind: Kind;
  readonly xml?: readonly string[];
  readonly text?: readonly string[];
  readonly csv?: readonly string[];
};

export const power = (name: string) => ({
  xml: [
    `gpu_power_readings/gpu_ceiling_power_limit/${name}_power_limit`,
    `gpu_power_readings/${name}_power_limit`,
    `power_readings/${name}_power_limit`,
  ],
});
export const powerText = (name: string) => [
  `GPU Power Readings > GPU Ceiling Power Limit > ${name} Power Limit`,
  `GPU Power Readings > ${name} Power Limit`,
  `Power Readings > ${name} Power Limit`,
];
export const counter = (tag: string, name: string, csv: string): Printed => ({
  kind: microseconds,
  xml: [`clocks_event_reasons_counters/clocks_event_reasons_counters_${tag}`],
  text: [`Clocks Event Reasons Counters > ${name}`],
  csv: [`clocks_event_reasons_counters.${csv}`],
});
export const clock = (tag: string, name: string, ...csv: string[]): Printed => ({
  kind: megahertz,
  xml: [`clocks/${tag}_clock`],
  text: [`Clocks > ${name}`],
  csv,
});
export const maxClock = (tag: string, name: string, ...csv: string[]): Printed => ({
  kind: megahertz,
  xml: [`max_clocks/${tag}_clock`],
  text: [`Max Clocks > ${name}`],
  csv,
});
export const utilisation = (tag: string, names: readonly string[], csv: string): Printed => ({
  kind: percent,
  xml: [`utilization/${tag}_util`],
  text: names.map((name) => `Utilization > ${name}`),
  csv: [`utilization.${csv}`],
});
export const corrected = (span: string, name: string): Printed => ({
  kind: count,
  xml: [
    `ecc_errors/${span}/single_bit/total`,
    `ecc_errors/${span}/sram_correctable + ecc_errors/${span}/dram_correctable`,
  ],
  text: [
    `ECC Errors > ${name} > Single Bit > Total`,
    `ECC Errors > ${name} > SRAM Correctable + ECC Errors > ${name} > DRAM Correctable`,
  ],
  csv: [`ecc.errors.corrected.${span}.total`],
});
export const uncorrected = (span: string, name: string): Printed => ({
  kind: count,
  xml: [
    `ecc_errors/${span}/double_bit/total`,
    `ecc_errors/${span}/sram_uncorrectable + ecc_errors/${span}/dram_uncorrectable`,
    `ecc_errors/${span}/sram_uncorrectable_parity + ecc_errors/${span}/sram_uncorrectable_secded + ecc_errors/${span}/dram_uncorrectable`,
  ],
  text: [
    `ECC Errors > ${name} > Double Bit > Total`,
    `ECC Errors > ${name} > SRAM Uncorrectable + ECC Errors > ${name} > DRAM Uncorrectable`,
    `ECC Errors > ${name} > SRAM Uncorrectable Parity + ECC Errors > ${name} > SRAM Uncorrectable SEC-DED + ECC Errors > ${name} > DRAM Uncorrectable`,
  ],
  csv: [`ecc.errors.uncorrected.${span}.total`],
});
export const bank = (tag: string, name: string): Printed => ({
  kind: banks,
  xml: [`remapped_rows/row_remapper_histogram/row_remapper_histogram_${tag}`],
  text: [`Remapped Rows > Bank Remap Availability Histogram > ${name}`],
  csv: [`remapped_rows.histogram.${tag}`],
});
export const notPrinted: Printed = { kind: count };
