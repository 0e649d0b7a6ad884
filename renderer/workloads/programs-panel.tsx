import { Button, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Settings } from '../../app/settings/settings.ts';
import { workloadKinds, type WorkloadKind } from '../../app/workload/programs/kinds.ts';
import { useShared } from '../context.tsx';
import { ErrorLine, useChange } from '../parts/change.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './comparison.module.css';

type Rule = Settings['programs'][number];

/** A person's own rules for programs that Slowburn does not know. */
export function ProgramsPanel() {
  const { t } = useTranslation();
  const { settings } = useShared();
  const { programs } = settings;
  const [contains, setContains] = useState('');
  const [name, setName] = useState('');
  const [kind, setKind] = useState<WorkloadKind>('diffusion');
  const { set: setSettings, error } = useChange();
  const set = (next: readonly Rule[]): void => setSettings({ programs: next });
  const add = (): void => {
    set([...programs, { contains: contains.trim(), name: name.trim(), kind }]);
    setContains('');
    setName('');
  };
  return (
    <Panel title={t('programs.title')}>
      <p className={css.hint}>{t('programs.what')}</p>
      {programs.length > 0 && (
        <ul className={css.log}>
          {programs.map((rule, i) => (
            <li key={`${rule.contains}-${i}`}>
              <code>{rule.contains}</code>
              <span>
                {rule.name} <span className={css.note}>{t(`kind.${rule.kind}`)}</span>
              </span>
              <Button size="compact-xs" variant="subtle" onClick={() => set(programs.filter((_, at) => at !== i))}>
                {t('programs.remove')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <div className={css.controls}>
        <TextInput
          size="xs"
          w={240}
          maxLength={200}
          label={t('programs.contains')}
          placeholder={t('programs.containsExample')}
          value={contains}
          onChange={(event) => setContains(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          w={180}
          maxLength={80}
          label={t('programs.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          size="xs"
          w={190}
          label={t('programs.kind')}
          allowDeselect={false}
          data={workloadKinds.map((value) => ({ value, label: t(`kind.${value}`) }))}
          value={kind}
          onChange={(value) => value && setKind(value)}
        />
        <Button size="xs" variant="default" disabled={contains.trim() === '' || name.trim() === ''} onClick={add}>
          {t('programs.add')}
        </Button>
      </div>
      <ErrorLine text={error} />
    </Panel>
  );
}
