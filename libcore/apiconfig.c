/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "api.h"
#include "cleanup.h"
#include "load.h"

static int wrap(struct spec *spec, struct ctr_config **ret, struct ctr_error *err)
{
	struct ctr_config *cfg = calloc(1, sizeof(*cfg));

	if (!cfg || !spec) {
		free(cfg);
		spec_free(spec);
		return err_sys(err, ENOMEM, "config", "make a configuration");
	}
	cfg->spec = spec;
	*ret = cfg;
	return 0;
}

int ctr_config_new(struct ctr_config **ret, struct ctr_error *err)
{
	return wrap(spec_new(), ret, err);
}

int ctr_config_load(struct ctr_factory *f, const char *name, struct ctr_config **ret,
		    struct ctr_error *err)
{
	struct load_paths paths;
	struct spec *spec = NULL;
	int r;

	if (!name)
		return err_set(err, CTR_E_CONFIG, EINVAL, "config", "the definition has no name");
	r = load_default_paths(f->conf, &paths, err);
	if (r < 0)
		return r;
	r = load_definition(&paths, name, NULL, &spec, NULL, err);
	load_paths_done(&paths);
	return r < 0 ? r : wrap(spec, ret, err);
}

int ctr_config_set(struct ctr_config *cfg, const char *section, const char *key, const char *value,
		   struct ctr_error *err)
{
	if (!section || !key || !value)
		return err_set(err, CTR_E_CONFIG, EINVAL, "config",
			       "section, key or value is NULL");
	return spec_set(cfg->spec, section, key, value, err);
}

const char *ctr_config_text(struct ctr_config *cfg)
{
	return spec_text(cfg->spec);
}

void ctr_config_free(struct ctr_config *cfg)
{
	if (!cfg)
		return;
	spec_free(cfg->spec);
	free(cfg);
}
