package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gezhi/internal/fault"
)

// notForged refuses a change that another site might have sent with our cookie (CSRF). A browser
// says where a request comes from in Sec-Fetch-Site, an older one in Origin; a request that
// carries a cookie and says neither is refused. A program with a bearer token sends no cookie
// and need say nothing.
func (s *Server) notForged(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if r.Header.Get("Authorization") != "" {
		return nil
	}
	ok := r.Header.Get("Cookie") == ""
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		ok = site == "same-origin" || site == "none"
	} else if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		ok = err == nil && u.Host != "" && (strings.EqualFold(u.Host, r.Host) || slices.Contains(s.Hosts, u.Host))
		// Whoever sits on the line can make a page of this host without TLS.
		ok = ok && (u.Scheme == "https" || !ClientOf(r.Context()).Secure)
	}
	if !ok {
		return fault.New(fault.Forbidden, "request.other_site")
	}
	return nil
}
