import { Button, Progress } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PushOf, RequestOf } from '../../app/contract/channels.ts';
import { ask, onPush } from '../bridge.ts';
import { useShared } from '../context.tsx';
import css from './job-line.module.css';

type Job = PushOf<'job'>;

const isOpen = ({ state }: Job): boolean => state === 'running' || state === 'waiting';

/** The newest job of some kinds. It continues when the page is left, and is found when the page is opened again. */
export function useJob(...kinds: readonly Job['kind'][]): Job | undefined {
  const [job, setJob] = useState<Job>();
  const wanted = kinds.join();
  useEffect(() => {
    const take = (next: Job): void => {
      if (wanted.split(',').includes(next.kind)) setJob((now) => (now && now.id > next.id ? now : next));
    };
    void ask('jobs.list').then((answer) => {
      if (answer.ok) answer.value.filter(isOpen).forEach(take);
    });
    return onPush('job', take);
  }, [wanted]);
  return job;
}

/** Starts jobs. `refusal` says why the last one was not started. */
export function useStartJob(): readonly [
  start: (request: RequestOf<'jobs.start'>) => void,
  refusal: string | undefined,
] {
  const [refusal, setRefusal] = useState<string>();
  const start = useCallback(
    (request: RequestOf<'jobs.start'>): void =>
      void ask('jobs.start', request).then((answer) =>
        setRefusal(answer.ok ? undefined : [answer.error.message, answer.error.next].filter(Boolean).join(' ')),
      ),
    [],
  );
  return [start, refusal];
}

/** Progress of a long job, with a way to cancel it; then its result. */
export function JobLine({ job }: { readonly job: Job | undefined }) {
  const { t } = useTranslation();
  const { format } = useShared();
  if (!job) return null;
  if (job.state === 'running' || job.state === 'waiting') {
    const text = t(`jobs.${job.state}`, { what: t(`jobs.${job.kind}`), percent: format.percent(job.share) });
    return (
      <div className={css.line} role="status">
        <span>{text}</span>
        <Progress className={css.bar} value={100 * job.share} aria-label={text} />
        <Button size="compact-xs" variant="default" onClick={() => void ask('jobs.cancel', { id: job.id })}>
          {t('jobs.cancel')}
        </Button>
      </div>
    );
  }
  const said =
    job.state === 'cancelled'
      ? t('jobs.cancelled')
      : job.state === 'failed'
        ? [job.error?.message, job.error?.next].filter(Boolean).join(' ')
        : job.kind !== 'check'
          ? t('jobs.done', { path: job.path ?? '' })
          : job.problems?.length
            ? t('jobs.unsound', { problems: job.problems.join(' ') })
            : t('jobs.sound');
  return (
    <p className={css.line} role="status" data-failed={job.state === 'failed' || (job.problems?.length ?? 0) > 0}>
      {said}
    </p>
  );
}
