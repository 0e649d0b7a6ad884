import * as z from 'zod';

// Pages forbid eval. zod decides whether to compile a schema when the schema is made, so this module comes before all.
z.config({ jitless: true });

export { z };
