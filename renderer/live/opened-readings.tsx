import { Select, Table } from '@mantine/core';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { metricGroups, metricOf, type MetricKey } from '../../app/metrics/metrics.ts';
import { sourceOf } from '../../app/telemetry/provenance.ts';
import type { SourceInfo } from '../../app/telemetry/source.ts';
import { useShared } from '../context.tsx';
import { Number, Value } from '../parts/value.tsx';
import table from '../pages/table.module.css';
import css from './all-readings.module.css';
import { latestOf, type Latest, type Readings } from './readings.ts';
import { useLive, type Live, type LiveGpu } from './store.ts';

const Row = memo(function Row({
  metric,
  latest,
  source,
}: {
  readonly metric: MetricKey;
  readonly latest: Latest;
  readonly source: SourceInfo;
}) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { reading, via } = latest;
  return (
    <div>
      <dt>{t(`metric.${metric}`)}</dt>
      <dd>
        <Value
          latest={latest}
          source={sourceOf(source, metric, via, reading.state === 'value' && reading.derived)}
          show={(value) => format.metric(metricOf(metric), value)}
        />
      </dd>
    </div>
  );
});

function Group({
  name,
  readings,
  source,
}: {
  readonly name: keyof typeof metricGroups;
  readonly readings: Readings;
  readonly source: SourceInfo;
}) {
  const { t } = useTranslation();
  return (
    <section className={css.group}>
      <h3>{t(`group.${name}`)}</h3>
      <dl>
        {metricGroups[name].map(({ key }) => (
          <Row key={key} metric={key} latest={latestOf(readings, key)} source={source} />
        ))}
      </dl>
    </section>
  );
}

function Processes({ gpu }: { readonly gpu: LiveGpu }) {
  const { t } = useTranslation();
  const { format } = useShared();
  if (!gpu.processes || gpu.processes.length === 0) {
    return <p className={table.absent}>{t(gpu.processes ? 'live.noProcesses' : 'live.processesUnknown')}</p>;
  }
  const byWindows = gpu.processes.some(({ countedBy }) => countedBy === 'windows');
  const untold = gpu.processes.every(({ vramBytes }) => vramBytes === undefined);
  const note = byWindows ? t('live.processesByWindows') : untold ? t('live.processMemoryUnknown') : undefined;
  return (
    <Table className={table.table}>
      {note && <caption className={table.note}>{note}</caption>}
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('live.process')}</Table.Th>
          <Table.Th>{t('live.pid')}</Table.Th>
          <Table.Th>{t('live.processType')}</Table.Th>
          <Table.Th>{t('live.vram')}</Table.Th>
          <Table.Th title={t('live.smShareNote')}>{t('live.smShare')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {gpu.processes.map(({ pid, name, type, vramBytes, smPct }) => (
          <Table.Tr key={pid}>
            <Table.Td className={table.wide}>{name || t('live.unnamed')}</Table.Td>
            <Table.Td>{pid}</Table.Td>
            <Table.Td>{type ? t(`processType.${type}`) : '–'}</Table.Td>
            <Table.Td>{vramBytes === undefined ? '–' : <Number {...format.bytes(vramBytes)} />}</Table.Td>
            <Table.Td>{smPct === undefined ? '–' : <Number text={format.number(smPct)} unit="%" />}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

const gpusOf = ({ gpus }: Live) => gpus;

/** Every reading of the catalogue for one GPU, each with its state and its source on hover, and who uses the card. */
export function OpenedReadings({ source }: { readonly source: SourceInfo }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const gpus = useLive(gpusOf);
  const [uuid, setUuid] = useState<string>();
  const gpu = gpus.find((one) => one.gpu.uuid === uuid) ?? gpus[0];
  if (!gpu) return null;
  const { vbios, architecture, pciBusId } = gpu.gpu;
  const facts = [
    architecture,
    pciBusId,
    vbios && `VBIOS ${vbios}`,
    source.driverVersion && `${t('live.driver')} ${source.driverVersion}`,
  ];
  return (
    <>
      <header className={css.header}>
        {gpus.length > 1 && (
          <Select
            aria-label={t('history.gpu')}
            size="xs"
            w={260}
            allowDeselect={false}
            data={gpus.map((one) => ({ value: one.gpu.uuid, label: `${one.gpu.index} · ${one.gpu.name}` }))}
            value={gpu.gpu.uuid}
            onChange={(value) => value && setUuid(value)}
          />
        )}
        <span className={css.facts}>{facts.filter(Boolean).join(' · ')}</span>
        <span className={css.facts}>{gpu.gpu.uuid}</span>
      </header>
      <div className={css.groups}>
        {(Object.keys(metricGroups) as (keyof typeof metricGroups)[]).map((name) => (
          <Group key={name} name={name} readings={gpu.readings} source={source} />
        ))}
      </div>
      <section className={css.group}>
        <h3>{t('live.processes')}</h3>
        <Processes gpu={gpu} />
      </section>
      {gpu.mig && gpu.mig.length > 0 && (
        <section className={css.group}>
          <h3>{t('metric.migInstances')}</h3>
          <dl>
            {gpu.mig.map(({ index, vramUsedBytes, vramTotalBytes }) => (
              <div key={index}>
                <dt>{t('live.instance', { index })}</dt>
                <dd>
                  {vramUsedBytes === undefined || vramTotalBytes === undefined ? (
                    '–'
                  ) : (
                    <Number
                      text={`${format.bytes(vramUsedBytes).text} ${format.bytes(vramUsedBytes).unit} / ${format.bytes(vramTotalBytes).text}`}
                      unit={format.bytes(vramTotalBytes).unit}
                    />
                  )}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </>
  );
}
