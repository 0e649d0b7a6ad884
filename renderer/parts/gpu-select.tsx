import { Select } from '@mantine/core';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { useQuestion } from '../use-question.ts';

type StoredGpu = Pick<ResponseOf<'gpus.list'>[number], 'uuid' | 'index' | 'name'>;

const shownOf = (gpus: ResponseOf<'gpus.list'>): readonly StoredGpu[] =>
  gpus.map(({ uuid, index, name }) => ({ uuid, index, name }));

const NONE: readonly StoredGpu[] = [];

/** The cards of the history and the chosen one: the first, until the person picks another. */
export function useGpuChoice(): {
  gpus: readonly StoredGpu[];
  chosen: StoredGpu | undefined;
  choose: (uuid: string) => void;
} {
  const { data: gpus = NONE } = useQuestion('gpus.list', undefined, { everyMs: 15_000, pick: shownOf });
  const [uuid, choose] = useState<string>();
  return { gpus, chosen: gpus.find((gpu) => gpu.uuid === uuid) ?? gpus[0], choose };
}

/** Choice of a card; nothing to choose with one card. */
export const GpuSelect = memo(function GpuSelect({ gpus, chosen, choose }: ReturnType<typeof useGpuChoice>) {
  const { t } = useTranslation();
  if (gpus.length < 2) return null;
  return (
    <Select
      aria-label={t('history.gpu')}
      size="xs"
      w={240}
      allowDeselect={false}
      data={gpus.map((gpu) => ({ value: gpu.uuid, label: `${gpu.index} · ${gpu.name}` }))}
      value={chosen?.uuid ?? null}
      onChange={(value) => value && choose(value)}
    />
  );
});
