/**
 * kboot's own templates, precompiled, by path. The build fills this in, so that the installed kboot starts without
 * handlebars' compiler; when run from source it is empty, and each template is compiled when it is first rendered.
 */
export const precompiled: Readonly<Record<string, TemplateSpecification>> = {};
