import { createRequire } from 'node:module';
import type Handlebars from 'handlebars';

const require = createRequire(import.meta.url);

/** handlebars with its parser and compiler, loaded when first asked for; the build puts a copy of its own here. */
export function compiler(): typeof Handlebars {
  return require('handlebars') as typeof Handlebars;
}
