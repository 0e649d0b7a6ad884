import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from './panel.tsx';
import css from './boundary.module.css';

/** What is shown in place of what could not be drawn, with two ways back. */
function Failed({ message, retry }: { readonly message: string; readonly retry: () => void }) {
  const { t } = useTranslation();
  return (
    <div role="alert">
      <Empty title={t('error.title')}>
        <p>{t('error.drawing')}</p>
        <p className={css.message}>{message}</p>
        <p className={css.ways}>
          <button type="button" className={css.way} onClick={retry}>
            {t('error.retry')}
          </button>
          <button type="button" className={css.way} onClick={() => location.reload()}>
            {t('error.reload')}
          </button>
        </p>
      </Empty>
    </div>
  );
}

type Props = { readonly children: ReactNode };

/** Keeps an error in drawing from blanking the window. React offers this to classes only. */
export class Boundary extends Component<Props, { readonly message: string | undefined }> {
  override state = { message: undefined };

  static getDerivedStateFromError(thrown: unknown): { message: string } {
    return { message: thrown instanceof Error ? thrown.message : String(thrown) };
  }

  override render(): ReactNode {
    const { message } = this.state;
    if (message === undefined) return this.props.children;
    return <Failed message={message} retry={() => this.setState({ message: undefined })} />;
  }
}
