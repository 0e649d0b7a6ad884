import { Button, NumberInput, Select, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { settingName } from '../../app/alerts/channels/channel-text.ts';
import { channelRow, type AlertChannelId } from '../../app/alerts/channels/channels.ts';
import type { Field } from '../../app/alerts/channels/field.ts';
import type { ChannelState, SecretPlace } from '../../app/alerts/channels/state.ts';
import { severities } from '../../app/alerts/rule-row.ts';
import { ask } from '../bridge.ts';
import { ErrorLine, useDraft } from '../parts/change.tsx';
import css from './alerts.module.css';
import type { ChannelValues } from './channels-panel.tsx';

const WIDTH = 280;

function TextField(props: { readonly label: string; readonly value: string; readonly save: (value: string) => void }) {
  const { label, value, save } = props;
  const field = useDraft(value, save);
  return (
    <TextInput
      size="xs"
      w={WIDTH}
      label={label}
      value={field.draft}
      onChange={({ currentTarget }) => field.setDraft(currentTarget.value)}
      onBlur={field.commit}
    />
  );
}

function NumberField(props: {
  readonly label: string;
  readonly value: number;
  readonly field: Extract<Field, { kind: 'number' }>;
  readonly save: (value: number) => void;
}) {
  const { label, value, field, save } = props;
  const draft = useDraft<number | ''>(value, (next) => save(next === '' ? field.initial : next));
  return (
    <NumberInput
      size="xs"
      w={WIDTH}
      label={label}
      min={field.least}
      max={field.most}
      value={draft.draft}
      onChange={(next) => draft.setDraft(typeof next === 'number' ? next : '')}
      onBlur={draft.commit}
    />
  );
}

/** A setting of a channel, drawn as its row says. */
function FieldInput(props: {
  readonly id: AlertChannelId;
  readonly name: string;
  readonly field: Field;
  readonly value: unknown;
  readonly save: (value: unknown) => void;
}) {
  const { id, name, field, value, save } = props;
  const { t } = useTranslation();
  const label = settingName(t, id, name);
  if ('fileOnly' in field)
    return (
      <div>
        <p>
          {label}: <code>{Array.isArray(value) ? value.join(' ') : String(value)}</code>
        </p>
        <p className={css.more}>{t('channel.fileOnlyNote', { channel: id, field: name })}</p>
      </div>
    );
  switch (field.kind) {
    case 'text':
      return <TextField label={label} value={String(value)} save={save} />;
    case 'number':
      return <NumberField label={label} value={Number(value)} field={field} save={save} />;
    case 'choice':
      return (
        <Select
          size="xs"
          w={WIDTH}
          label={label}
          data={[...field.of]}
          value={String(value)}
          allowDeselect={false}
          onChange={save}
        />
      );
    case 'flag':
      return (
        <Switch label={label} checked={value === true} onChange={({ currentTarget }) => save(currentTarget.checked)} />
      );
    case 'list': {
      const lines = (value as readonly string[]).join(', ');
      const split = (text: string): string[] => text.split(',').map((one) => one.trim());
      return <TextField label={label} value={lines} save={(text) => save(split(text).filter((one) => one !== ''))} />;
    }
  }
}

/** A secret that can be set and removed. What it is never comes back from the recorder. */
function SecretInput(props: {
  readonly id: AlertChannelId;
  readonly name: string;
  readonly place: SecretPlace | null;
  readonly again: () => void;
}) {
  const { id, name, place, again } = props;
  const { t } = useTranslation();
  const [value, setValue] = useState('');
  const [error, setError] = useState('');
  const label = settingName(t, id, name);
  async function put(next: string | null): Promise<void> {
    const answer = await ask('notify.setSecret', { channel: id, name, value: next });
    setError(answer.ok ? '' : [answer.error.message, answer.error.next].filter(Boolean).join(' '));
    if (answer.ok) setValue('');
    again();
  }
  return (
    <div>
      <div className={css.secret}>
        <TextInput
          size="xs"
          w={WIDTH}
          type="password"
          autoComplete="off"
          label={label}
          placeholder={place === null ? t('channel.secretNotSet') : t(`channel.secretSet.${place}`)}
          value={value}
          onChange={({ currentTarget }) => setValue(currentTarget.value)}
        />
        <Button
          size="compact-sm"
          variant="default"
          disabled={value.trim() === ''}
          aria-label={t('channel.saveOf', { name: label })}
          onClick={() => void put(value.trim())}
        >
          {t('channel.save')}
        </Button>
        {place === 'file' && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t('channel.clearOf', { name: label })}
            onClick={() => void put(null)}
          >
            {t('channel.clear')}
          </Button>
        )}
      </div>
      <ErrorLine text={error} />
    </div>
  );
}

/** What a channel needs, and which alerts it sends. */
export function ChannelSetUp(props: {
  readonly id: AlertChannelId;
  readonly values: ChannelValues;
  readonly state: ChannelState;
  readonly change: (change: Partial<ChannelValues>) => void;
  readonly again: () => void;
}) {
  const { id, values, state, change, again } = props;
  const { t } = useTranslation();
  const { fields, secrets, alerts } = channelRow(id);
  return (
    <div className={css.setUp}>
      {secrets.map((name) => (
        <SecretInput key={name} id={id} name={name} place={state.secrets[name] ?? null} again={again} />
      ))}
      {secrets.length > 0 && <p className={css.more}>{t('channel.secretNote')}</p>}
      {Object.entries(fields).map(([name, field]) => (
        <FieldInput
          key={name}
          id={id}
          name={name}
          field={field}
          value={(values as Readonly<Record<string, unknown>>)[name]}
          save={(value) => change({ [name]: value })}
        />
      ))}
      {alerts && (
        <>
          <Select
            size="xs"
            w={WIDTH}
            label={t('channel.from')}
            aria-label={t('channel.fromOf', { channel: t(`channel.name.${id}`) })}
            data={severities.map((value) => ({ value, label: t(`channel.fromSeverity.${value}`) }))}
            value={values.from}
            allowDeselect={false}
            onChange={(from) => change({ from: from === 'act' ? 'act' : 'warn' })}
          />
          <Switch
            label={t('channel.cleared')}
            checked={values.cleared}
            onChange={({ currentTarget }) => change({ cleared: currentTarget.checked })}
          />
        </>
      )}
    </div>
  );
}
