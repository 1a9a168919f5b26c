package checker

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"sync"
)

// Name is what the page is called as a file.
const Name = "gezhi-receipt-checker.html"

var (
	//go:embed page.html
	page []byte
	//go:embed check.js
	arithmetic []byte
	//go:embed page.js
	conduct []byte
	//go:embed words/zh.json
	zh []byte
	//go:embed words/en.json
	en []byte
)

// Page is the whole page. Its policy allows the one script it holds, by its hash, and no
// request at all.
var Page = sync.OnceValue(func() []byte {
	script := bytes.Join([][]byte{[]byte("\n'use strict'\nconst spoken = { zh: "), bytes.TrimSpace(zh), []byte(", en: "), bytes.TrimSpace(en), []byte(" }\n"), arithmetic, conduct}, nil)
	sum := sha256.Sum256(script)
	out := bytes.Replace(page, []byte("{hash}"), []byte("sha256-"+base64.StdEncoding.EncodeToString(sum[:])), 1)
	return bytes.Replace(out, []byte("{script}"), script, 1)
})
