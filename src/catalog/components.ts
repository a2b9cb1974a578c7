import type { ComponentCatalog, FeatureGates, FlagFacts, TypeFacts } from '../inventory/components/facts.ts';
import { readOwn } from '../model/own-files.ts';

let types: TypeFacts | undefined;
let gates: FeatureGates | undefined;
let flags: FlagFacts | undefined;

/** component-fields.json, feature-gates.json and component-flags.json, each parsed once, at first use. */
export const componentCatalog: ComponentCatalog = {
  types: () => (types ??= readJson('./component-fields.json') as TypeFacts),
  gates: () => (gates ??= readJson('./feature-gates.json') as FeatureGates),
  flags: () => (flags ??= readJson('./component-flags.json') as FlagFacts),
};

function readJson(name: string): unknown {
  return JSON.parse(readOwn(new URL(name, import.meta.url)));
}
