/** Line rate of one lane in Gbit/s by PCIe generation (PCI-SIG base specifications). */
const GBIT_PER_LANE: Readonly<Record<number, number>> = { 1: 2.5, 2: 5, 3: 8, 4: 16, 5: 32, 6: 64 };

/**
 * Replays a minute that a link within its specification may show: a bit error rate of 1e-12 on all lanes, rounded up
 * (NVIDIA/DCGM @72fa3fea, DcgmHealthWatch.cpp). Undefined for a generation that is not known.
 */
export function maxReplaysPerMinute(generation: number, lanes: number): number | undefined {
  const rate = GBIT_PER_LANE[generation];
  return rate === undefined ? undefined : Math.ceil((rate / 1000) * 60 * lanes);
}
