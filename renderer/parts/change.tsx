import { useState } from 'react';
import type { AppError } from '../../app/core/result.ts';
import type { Settings } from '../../app/settings/settings.ts';
import { ask } from '../bridge.ts';
import css from './change.module.css';

/** What went wrong, and what to do. */
export const errorText = ({ message, next }: AppError): string => [message, next].filter(Boolean).join(' ');

/** Changes settings. `error` says why the last change was refused. */
export function useChange() {
  const [error, setError] = useState('');
  const set = (change: Partial<Settings>): void =>
    void ask('settings.set', change).then((answer) => setError(answer.ok ? '' : errorText(answer.error)));
  return { set, error, setError };
}

/** A field that is saved when it loses the focus. Until then it shows what is typed, afterwards the saved value. */
export function useDraft<T>(saved: T, save: (value: T) => void) {
  const [edit, setDraft] = useState<T>();
  const draft = edit ?? saved;
  return {
    draft,
    setDraft,
    commit: () => {
      if (draft !== saved) save(draft);
      setDraft(undefined);
    },
  };
}

/** What went wrong with a change. */
export function ErrorLine({ text }: { readonly text: string }) {
  if (text === '') return null;
  return (
    <p role="alert" className={css.error}>
      {text}
    </p>
  );
}
