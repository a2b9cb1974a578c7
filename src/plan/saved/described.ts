import * as z from 'zod';

/** A schema with its description in plan.schema.json. */
export const described = <S extends z.ZodType>(description: string, schema: S): S =>
  schema.meta({ description });

/** A schema that plan.schema.json keeps in `$defs` under this name, unique there. */
export const shared = <S extends z.ZodType>(id: string, schema: S): S => schema.meta({ id });

export const text = (description: string): z.ZodString => described(description, z.string());

export const texts = (description: string): z.ZodArray<z.ZodString> =>
  described(description, z.array(z.string()));

/** Texts by name. */
export const map = (description: string): z.ZodRecord<z.ZodString, z.ZodString> =>
  described(description, z.record(z.string(), z.string()));

/** A SHA-256 in lower-case hexadecimal digits. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/);

export const hex = (description: string): z.ZodString => described(description, digest);

export const host = text('Name of a host.');
export const node = text('Name of a Node.');
export const namespace = text('Namespace in the API.');
