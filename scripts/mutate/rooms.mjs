// What `npm run mutate -- ROOM` changes, and which specs must notice. A pattern that matches no file is an error.

/** @type {Record<string, { files: RegExp, specs: RegExp }>} patterns of paths below the checkout */
export const mutationRooms = {
  governor: {
    files: /^app\/governor\/(policy|limit-controller)\.ts$/,
    // without the nights of simulated cards, half a minute for each change: the tables at the constants must notice
    specs: /^test\/unit\/(governor[^/]*|limit-controller)\.spec\.ts$/,
  },
  wear: {
    files: /^app\/wear\/(meter|rainflow)\.ts$/,
    specs: /^test\/unit\/(wear|meter|rainflow|vectors|ledger)[^/]*\.spec\.ts$/,
  },
  sealing: {
    files: /^app\/history\/sealer\.ts$/,
    specs: /^test\/(unit\/(history|seal)[^/]*|integration\/(sealed-[^/]*|store))\.spec\.ts$/,
  },
  energy: {
    files: /^app\/(core\/energy|workload\/energy\/[^/.]+)\.ts$/,
    specs: /^test\/unit\/(energy[^/]*|session-ends|workload-energy|workload-limits|attribution[^/]*|tariff)\.spec\.ts$/,
  },
  attribution: {
    files: /^app\/workload\/energy\/(attribution|shares)\.ts$/,
    specs: /^test\/unit\/(workload-limits|attribution[^/]*|shares)\.spec\.ts$/,
  },
  sessions: {
    files: /^app\/workload\/sessions\/[^/.]+\.ts$/,
    specs:
      /^test\/(unit\/(session|detect|workload|compare|recorded|idle-models|figures)[^/]*|integration\/workload-watch)\.spec\.ts$/,
  },
  alerts: {
    files:
      /^app\/alerts\/(engine|episode|outbox|rules|rule-row|card-rules|machine-rules|facts|card-facts|fact-reader|sliding-sum|throttled-minutes|usual|settings|text)\.ts$/,
    specs: /^test\/unit\/alert[^/]*\.spec\.ts$/,
  },
  'alerts-history': {
    files: /^app\/alerts\/(desk|watch|preview|past-ticks|slow-facts|table)\.ts$/,
    specs: /^test\/integration\/(alerts|alert-properties)\.spec\.ts$/,
  },
};
