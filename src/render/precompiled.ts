/**
 * kboot's own templates by path, compiled beforehand. The build fills this in, so that what is installed starts
 * without handlebars' compiler; from source there are none, and each is compiled when it is first rendered.
 */
export const precompiled: Readonly<Record<string, TemplateSpecification>> = {};
