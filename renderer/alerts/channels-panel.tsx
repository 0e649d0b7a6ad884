import { Button, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { channelSentence } from '../../app/alerts/channels/channel-text.ts';
import { alertChannelIds, type AlertChannelId } from '../../app/alerts/channels/channels.ts';
import type { ChannelState } from '../../app/alerts/channels/state.ts';
import type { AlertSettings } from '../../app/alerts/settings.ts';
import { ask } from '../bridge.ts';
import { useShared } from '../context.tsx';
import { ErrorLine, useChange, useDraft } from '../parts/change.tsx';
import { Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import css from './alerts.module.css';
import { ChannelSetUp } from './channel-set-up.tsx';

export type ChannelValues = AlertSettings['channels'][AlertChannelId];

/** Sends a test message and shows the answer as a sentence. */
function TestButton({ id, again }: { readonly id: AlertChannelId; readonly again: () => void }) {
  const { t } = useTranslation();
  const [answer, setAnswer] = useState('');
  const [busy, setBusy] = useState(false);
  async function test(): Promise<void> {
    setBusy(true);
    setAnswer(t('channel.testing'));
    const result = await ask('notify.test', { channel: id });
    setAnswer(result.ok ? result.value : [result.error.message, result.error.next].filter(Boolean).join(' '));
    setBusy(false);
    again();
  }
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        disabled={busy}
        aria-label={t('channel.testOf', { channel: t(`channel.name.${id}`) })}
        onClick={() => void test()}
      >
        {t('channel.test')}
      </Button>
      <p className={css.more} role="status">
        {answer}
      </p>
    </>
  );
}

function Channel(props: {
  readonly id: AlertChannelId;
  readonly values: ChannelValues;
  readonly state: ChannelState | undefined;
  readonly change: (change: Partial<ChannelValues>) => void;
  readonly again: () => void;
}) {
  const { id, values, state, change, again } = props;
  const { t } = useTranslation();
  const { format } = useShared();
  const [open, setOpen] = useState(false);
  const name = t(`channel.name.${id}`);
  return (
    <li className={css.channel}>
      <div className={css.channelHead}>
        <Switch
          label={name}
          checked={values.on}
          onChange={({ currentTarget }) => change({ on: currentTarget.checked })}
        />
        <Button
          size="compact-xs"
          variant="default"
          aria-expanded={open}
          aria-label={t('channel.setUpOf', { channel: name })}
          onClick={() => setOpen(!open)}
        >
          {t(open ? 'channel.done' : 'channel.setUp')}
        </Button>
        <TestButton id={id} again={again} />
      </div>
      <p className={css.more}>{t(`channel.about.${id}`)}</p>
      <p className={css.more} data-fault={Boolean(state?.fault)}>
        {state && channelSentence(t, format, state, values.on)}
      </p>
      {open && state && <ChannelSetUp id={id} values={values} state={state} change={change} again={again} />}
    </li>
  );
}

/** Where alerts are sent besides the desktop: a switch, what each channel needs, a test, and how it works. */
export function ChannelsPanel() {
  const { t } = useTranslation();
  const { settings } = useShared();
  const { set, error } = useChange();
  const { data: states, again } = useQuestion('notify.states', undefined, { everyMs: 5_000 });
  const { alerts } = settings;
  const change = (id: AlertChannelId, values: Partial<ChannelValues>): void => {
    const channels = { ...alerts.channels, [id]: { ...alerts.channels[id], ...values } };
    set({ alerts: { ...alerts, channels } });
  };
  const sender = useDraft(alerts.sender, (next) => set({ alerts: { ...alerts, sender: next } }));
  return (
    <Panel title={t('channel.title')}>
      <p className={css.more}>{t('channel.note')}</p>
      <ErrorLine text={error} />
      <ul className={css.rules}>
        {alertChannelIds.map((id) => (
          <Channel
            key={id}
            id={id}
            values={alerts.channels[id]}
            state={states?.find((state) => state.id === id)}
            change={(values) => change(id, values)}
            again={again}
          />
        ))}
      </ul>
      <TextInput
        size="xs"
        w={280}
        mt="md"
        maxLength={60}
        label={t('channel.sender')}
        description={t('channel.senderNote')}
        value={sender.draft}
        onChange={({ currentTarget }) => sender.setDraft(currentTarget.value)}
        onBlur={sender.commit}
      />
    </Panel>
  );
}
