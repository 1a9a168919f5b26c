package config

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gezhi/internal/fault"
)

// A channel that is given halfway is refused at the start, with what is given and what is
// missing; whole ones are taken.
func TestAChannelGivenHalfwayIsRefused(t *testing.T) {
	for env, missing := range map[string]string{
		"GEZHI_SMS_SECRET=x":          "GEZHI_SMS",
		"GEZHI_SMTP=mail:25":          "GEZHI_MAIL_FROM",
		"GEZHI_MAIL_FROM=a@b.example": "GEZHI_SMTP",
		"GEZHI_SMTP=mail:25 GEZHI_MAIL_FROM=a@b.example GEZHI_SMTP_USER=u":     "GEZHI_SMTP_PASSWORD",
		"GEZHI_SMTP=mail:25 GEZHI_MAIL_FROM=a@b.example GEZHI_SMTP_PASSWORD=p": "GEZHI_SMTP_USER",
		"GEZHI_WEBHOOK=true":     "GEZHI_WEBHOOK_SECRET",
		"GEZHI_WEBHOOK_SECRET=x": "GEZHI_WEBHOOK",
	} {
		_, _, err := Read(nil, strings.Fields(env))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != "config.half_configured" || f.Args["missing"] != missing {
			t.Errorf("%s: %v", env, err)
		}
	}
	c, _, err := Read([]string{"-wecom", "-dingtalk=true"}, strings.Fields("GEZHI_SMS=/etc/sms.yaml GEZHI_SMTP=mail:25 GEZHI_MAIL_FROM=a@b.example GEZHI_WEBHOOK=true GEZHI_WEBHOOK_SECRET=k"))
	if err != nil || !c.Notify.WeCom || !c.Notify.DingTalk || !c.Notify.Webhook || c.Notify.WebhookSecret != "k" || c.Notify.SMS != "/etc/sms.yaml" {
		t.Fatalf("%+v %v", c.Notify, err)
	}
}

// A secret comes from its variable or from a file, never from a flag, and shows itself nowhere.
func TestASecretIsNotShown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("hush-hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _, err := Read([]string{"-webhook"}, []string{"GEZHI_WEBHOOK_SECRET_FILE=" + file})
	if err != nil || c.Notify.WebhookSecret != "hush-hush" {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("config", "all", c, "one", c.Notify.WebhookSecret)
	for _, shown := range []string{log.String(), fmt.Sprintf("%v %+v %#v %s", c, c, c.Notify, c.Notify.WebhookSecret)} {
		if strings.Contains(shown, "hush") {
			t.Error(shown)
		}
	}
	if _, _, err := Read([]string{"-webhook", "-webhook-secret", "x"}, nil); fault.CodeOf(err) != "config.bad_flag" {
		t.Error("a secret has a flag")
	}
	for _, env := range []string{"GEZHI_WEBHOOK_SECRET_FILE=/none", "GEZHI_WEBHOOK_SECRET_FILE=" + filepath.Dir(file), "GEZHI_WEBHOOK_SECRET=x GEZHI_WEBHOOK_SECRET_FILE=" + file} {
		if _, _, err := Read([]string{"-webhook"}, strings.Fields(env)); fault.CodeOf(err) != "config.bad_value" {
			t.Errorf("%s: %v", env, err)
		}
	}
	var usage bytes.Buffer
	Usage(&usage)
	if !strings.Contains(usage.String(), "GEZHI_WEBHOOK_SECRET_FILE") {
		t.Error("the usage does not name the file of a secret")
	}
}
