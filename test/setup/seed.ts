// Properties try the same cases at each run of `npm test`, so that a failure is about the change at hand. A seed of one's
// own: SLOWBURN_TEST_SEED=7. New cases: SLOWBURN_TEST_SEED=new, as `npm run test:long -- properties` does.
import fc from 'fast-check';

const given = process.env['SLOWBURN_TEST_SEED'] ?? '1';
if (given !== 'new') fc.configureGlobal({ seed: Number(given) });
