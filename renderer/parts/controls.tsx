import './controls-styles.ts';
import { createTheme, MantineProvider, type MantineColorsTuple } from '@mantine/core';
import type { ReactNode } from 'react';

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

// the library's greys in the hue of theme.css
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

/** The UI library adds a style element; the page's policy lets only those with its nonce in. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

/** Makes the UI library's components work inside it. */
export function Controls({ children }: { readonly children: ReactNode }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      {children}
    </MantineProvider>
  );
}
