import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import { moreWords } from 'virtual:more-words';

type Load<Props> = () => Promise<ComponentType<Props>>;

/** A component whose file and words are loaded when it is first drawn: the first value is shown without them. */
export const later = <Props extends object>(load: Load<Props>): LazyExoticComponent<ComponentType<Props>> =>
  lazy(async () => {
    const [Loaded] = await Promise.all([load(), moreWords()]);
    return { default: Loaded };
  });

/**
 * Loads a component that uses the UI library, together with the library's provider and styles. Nothing else of the page
 * imports the library.
 */
export const withControls =
  <Props extends object>(load: Load<Props>): Load<Props> =>
  async () => {
    const [{ Controls }, Loaded] = await Promise.all([import('./controls.tsx'), load()]);
    return function WithControls(props: Props) {
      return (
        <Controls>
          <Loaded {...props} />
        </Controls>
      );
    };
  };
