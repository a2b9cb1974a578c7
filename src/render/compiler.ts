import { createRequire } from 'node:module';
import type Handlebars from 'handlebars';

const require = createRequire(import.meta.url);

/** handlebars with its parser and compiler, loaded on first use; the build replaces this module with a bundled copy. */
export function compiler(): typeof Handlebars {
  return require('handlebars') as typeof Handlebars;
}
