package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	apiext "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// schema is what one definition says of one version of a kind. The costly parts are made when they are
// first asked for: a definition of a workflow is 3 MB.
type schema struct {
	from  string
	props *apiextv1.JSONSchemaProps

	made  bool
	tree  *structural.Structural
	plain validation.SchemaValidator
	rules *cel.Validator
}

// schemas are those of all definitions that were read, by "group/version/kind".
type schemas map[string][]*schema

func (known schemas) read(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	before := len(known)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var definition apiextv1.CustomResourceDefinition
		if err := yaml.Unmarshal(text, &definition); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, version := range definition.Spec.Versions {
			if definition.Kind != "CustomResourceDefinition" || version.Schema == nil {
				continue
			}
			key := fmt.Sprintf("%s/%s/%s", definition.Spec.Group, version.Name, definition.Spec.Names.Kind)
			known[key] = append(known[key], &schema{from: file, props: version.Schema.OpenAPIV3Schema})
		}
	}
	if len(known) == before && before == 0 {
		return fmt.Errorf("no definitions in %s", folder)
	}
	return nil
}

func (one *schema) make() error {
	if one.made {
		return nil
	}
	var props apiext.JSONSchemaProps
	if err := apiextv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(one.props, &props, nil); err != nil {
		return err
	}
	tree, err := structural.NewStructural(&props)
	if err != nil {
		return err
	}
	plain, _, err := validation.NewSchemaValidator(&props)
	if err != nil {
		return err
	}
	one.tree, one.plain, one.rules, one.made = tree, plain, cel.NewValidator(tree, true, celconfig.PerCallLimit), true
	return nil
}

func (known schemas) check(start head, body []byte) error {
	found := known[start.APIVersion+"/"+start.Kind]
	if len(found) == 0 {
		return fmt.Errorf("no definition of kind %q in %q", start.Kind, start.APIVersion)
	}
	var faults []error
	for _, one := range found {
		if err := one.make(); err != nil {
			return fmt.Errorf("%s: %w", one.from, err)
		}
		var object map[string]any
		if err := kjson.UnmarshalCaseSensitivePreserveInts(body, &object); err != nil {
			return err
		}
		list := validation.ValidateCustomResource(nil, object, one.plain)
		if one.rules != nil {
			broken, _ := one.rules.Validate(context.Background(), nil, one.tree, object, nil, celconfig.RuntimeCELCostBudget)
			list = append(list, broken...)
		}
		options := structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
		for _, path := range pruning.PruneWithOptions(object, one.tree, true, options) {
			list = append(list, field.Invalid(field.NewPath(path), "", "unknown field"))
		}
		for _, fault := range list {
			faults = append(faults, fmt.Errorf("%s: %w", edition(one.from), fault))
		}
	}
	return errors.Join(faults...)
}

// edition names a definition shortly: the folder that it is in, and its file.
func edition(path string) string {
	return strings.Join([]string{filepath.Base(filepath.Dir(path)), filepath.Base(path)}, "/")
}

func decodeStrictly(body []byte, into any) error {
	strict, err := kjson.UnmarshalStrict(body, into)
	return errors.Join(append(strict, err)...)
}
