import '@mantine/core/styles.css';
import './theme.css';
import { createTheme, MantineProvider, type MantineColorsTuple } from '@mantine/core';
import { createRoot } from 'react-dom/client';
import { I18nextProvider } from 'react-i18next';
import { createI18n } from '../app/core/i18n.ts';
import { App } from './app.tsx';
import { SharedProvider } from './context.tsx';
import { startLive } from './live/store.ts';

// one accent for interaction, the same hue as --accent in theme.css
const accent: MantineColorsTuple = [
  '#e8f1ff',
  '#cfe0fb',
  '#9dbff2',
  '#689dea',
  '#3f80e3',
  '#2470e0',
  '#1367df',
  '#0b5cbf',
  '#0450b2',
  '#00459b',
];

// the library's greys, in the hue of ours
const dark: MantineColorsTuple = [
  '#e9ebef',
  '#c3c8d0',
  '#9aa2ae',
  '#6c7480',
  '#3a404a',
  '#2b3038',
  '#23272e',
  '#1b1e24',
  '#14161a',
  '#0e1013',
];

const theme = createTheme({
  colors: { accent, dark },
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 5 },
  defaultRadius: 5,
  fontFamily: 'var(--font)',
  fontSizes: { xs: '12px', sm: '14px', md: '14px', lg: '16px', xl: '20px' },
  respectReducedMotion: true,
});

// the UI library adds a style element; the page's policy lets only those with its nonce in
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

startLive();
createRoot(document.getElementById('root')!).render(
  <I18nextProvider i18n={createI18n(navigator.language)}>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <SharedProvider>
        <App />
      </SharedProvider>
    </MantineProvider>
  </I18nextProvider>,
);
