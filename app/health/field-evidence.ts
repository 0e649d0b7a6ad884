/**
 * What happened to GPUs in published fleets: the evidence behind what the wear page does not claim. Counts, not rates:
 * rates are computed from them.
 */

export type Batch = { readonly cards: number; readonly dead: number; readonly years: number };

/** Titan, 30,207 K20X over six years (Ostrouchov et al., SC20; olcf/TitanGPULife @f3303559): dead after DBE or off-the-bus. */
export const titan = {
  old: { cards: 18_837, dead: 5_027, years: 75_745.5 },
  new: { cards: 11_370, dead: 62, years: 25_144 },
} as const satisfies Record<string, Batch>;

/** Crude failure rate of a batch, 1/year. */
export const crudeRate = ({ dead, years }: Batch): number => dead / years;

/** Mean time between errors of one card, hours. */
export const hoursBetweenErrors = (cards: number, days: number, errors: number): number => (cards * days * 24) / errors;

/** Delta ("Story of Two GPUs", SC25, arXiv 2503.11901): uncorrectable memory errors. */
export const deltaFleets = [
  { card: 'A100', cards: 448, days: 895, errors: 34, memoryGb: 40 },
  { card: 'H100', cards: 608, days: 146, errors: 24, memoryGb: 96 },
] as const;

/**
 * Causes of the 419 unexpected interruptions of the Llama 3 training, 54 days on 16,384 H100 (arXiv 2407.21783, Table 5),
 * in the order of the table. The printed percentages do not follow from these counts, so shares are computed.
 */
export const llamaInterruptions: readonly { readonly cause: string; readonly count: number; readonly gpu: boolean }[] =
  [
    { cause: 'faulty GPU', count: 148, gpu: true },
    { cause: 'HBM3 memory', count: 72, gpu: true },
    { cause: 'software', count: 54, gpu: false },
    { cause: 'network switch or cable', count: 35, gpu: false },
    { cause: 'host maintenance', count: 32, gpu: false },
    { cause: 'SRAM', count: 19, gpu: true },
    { cause: 'GSP', count: 17, gpu: true },
    { cause: 'network card', count: 7, gpu: false },
    { cause: 'NCCL watchdog', count: 7, gpu: false },
    { cause: 'silent data corruption', count: 6, gpu: true },
    { cause: 'thermal interface and sensor', count: 6, gpu: true },
    { cause: 'SSD', count: 3, gpu: false },
    { cause: 'power supply', count: 3, gpu: false },
    ...Array.from({ length: 5 }, () => ({ cause: 'other', count: 2, gpu: false })),
  ];
