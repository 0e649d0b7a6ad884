import './theme.css';
import { createRoot } from 'react-dom/client';
import { I18nextProvider } from 'react-i18next';
import { createI18n } from '../app/core/i18n.ts';
import { App } from './frame/app.tsx';
import { SharedProvider } from './context.tsx';
import { reportFault, watchFaults } from './faults.ts';
import { startLive } from './live/store.ts';
import { Boundary } from './parts/boundary.tsx';

watchFaults();
startLive();
createRoot(document.getElementById('root')!, {
  onCaughtError: reportFault,
  onUncaughtError: reportFault,
}).render(
  <I18nextProvider i18n={createI18n(navigator.language)}>
    <Boundary>
      <SharedProvider>
        <App />
      </SharedProvider>
    </Boundary>
  </I18nextProvider>,
);
