import type { WorkloadKind } from '../programs/kinds.ts';
import type { OutputUnit } from '../adapters/ids.ts';

/** A published figure per output. It compares only on the same device at the same batch and size, which are always shown. */
export type Published = {
  readonly label: string;
  readonly kind: WorkloadKind;
  readonly unit: OutputUnit;
  readonly joules: number;
  readonly device: string;
  readonly batch: string;
  readonly source: string;
};

const MLE = 'ml-energy/leaderboard @0cd52dab';
const image = (label: string, joules: number, device: string): Published => ({
  label,
  kind: 'diffusion',
  unit: 'image',
  joules,
  device,
  batch: 'batch 1, 1024²',
  source: MLE,
});
const token = (label: string, joules: number): Published => ({
  label,
  kind: 'llm',
  unit: 'token',
  joules,
  device: 'H100',
  batch: 'best configuration',
  source: MLE,
});

/** There is no row for autoregressive image generation: no published measurement in J per image was found. */
export const published: readonly Published[] = [
  image('SANA 1.5 1.6B', 417, 'H100'),
  image('PixArt-Σ', 714, 'H100'),
  image('SANA 4.8B', 1181, 'H100'),
  image('SD 3.5 Medium', 1581, 'H100'),
  image('SD 3.5 Large', 4420, 'H100'),
  image('HunyuanDiT', 5181, 'H100'),
  image('FLUX.1-dev', 7949, 'H100'),
  image('SANA 1.5 1.6B', 342, 'B200'),
  image('FLUX.1-dev', 6679, 'B200'),
  {
    label: 'mean of image models',
    kind: 'diffusion',
    unit: 'image',
    joules: 10_465, // 2.907 kWh for 1,000 images; the standard deviation is larger than the mean
    device: 'A100',
    batch: 'unbatched',
    source: 'Luccioni et al., FAccT 2024, Table 2',
  },
  token('Llama 3.1 8B', 0.0702),
  token('Qwen3 14B', 0.112),
  token('Gemma 3 27B', 0.29),
  token('Llama 3.1 70B', 0.373),
];

/** Figures for the same kind of output. A file or line counts as an image if the user gave that kind of workload. */
export const publishedFor = (unit: OutputUnit, kinds: readonly WorkloadKind[]): readonly Published[] =>
  published.filter(
    (row) => (row.unit === unit || (unit !== 'token' && row.unit === 'image')) && kinds.includes(row.kind),
  );
