// Properties end early here: most of a property's runs find nothing that its first ones did not, and each is repeated for
// every change.
import fc from 'fast-check';

fc.configureGlobal({ interruptAfterTimeLimit: 400, markInterruptAsFailure: false });
