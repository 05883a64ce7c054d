package main

import (
	"context"
	"fmt"

	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v3/workflow/templateresolution"
	"github.com/argoproj/argo-workflows/v3/workflow/validate"
	"github.com/sirupsen/logrus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What differs between Argo 3 and Argo 4: where a context goes.

func quiet() {
	logrus.SetLevel(logrus.ErrorLevel)
}

func (t templates) Get(name string) (*wfv1.WorkflowTemplate, error) {
	if found, ok := t[name]; ok {
		return found, nil
	}
	return nil, fmt.Errorf("WorkflowTemplate %q is in none of the files", name)
}

func validateObject(object metav1.Object, known templates) error {
	cluster := &templateresolution.NullClusterWorkflowTemplateGetter{}
	switch object := object.(type) {
	case *wfv1.WorkflowTemplate:
		return validate.ValidateWorkflowTemplate(known, cluster, object, nil, validate.ValidateOpts{})
	case *wfv1.CronWorkflow:
		return validate.ValidateCronWorkflow(context.Background(), known, cluster, object, nil)
	case *wfv1.Workflow:
		return validate.ValidateWorkflow(known, cluster, object, nil, validate.ValidateOpts{})
	}
	return fmt.Errorf("no validator for %T", object)
}
