// Makes certificates.pem and expected.jsonl: certificates of many kinds, and what Go's encoding/json prints for each.
// go run make.go [MORE.pem...]
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"time"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func uri(text string) *url.URL { return must(url.Parse(text)) }

func main() {
	var all [][]byte
	make := func(key crypto.Signer, change func(*x509.Certificate)) {
		template := &x509.Certificate{
			SerialNumber: new(big.Int).SetBytes(must(rand.Prime(rand.Reader, 128)).Bytes()),
			Subject:      pkix.Name{Organization: []string{"a", "b & <c>"}, CommonName: "signer"},
			NotBefore:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			NotAfter:     time.Date(2056, 1, 2, 3, 4, 5, 0, time.UTC),
		}
		change(template)
		all = append(all, must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)))
	}
	ec := func(curve elliptic.Curve) crypto.Signer { return must(ecdsa.GenerateKey(curve, rand.Reader)) }
	make(ec(elliptic.P256()), func(c *x509.Certificate) {})
	make(ec(elliptic.P256()), func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageDecipherOnly
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageAny, x509.ExtKeyUsageMicrosoftKernelCodeSigning, x509.ExtKeyUsageOCSPSigning}
		c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 2, 3}}
		c.DNSNames = []string{"example.com"}
		c.EmailAddresses = []string{"me@example.com", "you@example.com"}
		c.IPAddresses = []net.IP{net.IPv4(10, 0, 0, 1).To4(), net.ParseIP("2001:db8::1")}
		c.URIs = []*url.URL{uri("https://u@example.com:8/a%2Fb/c%20d?x=%20#f"), uri("mailto:a@b"), uri("spiffe://trust.example/ns/x")}
		c.Subject = pkix.Name{Country: []string{"DE"}, Locality: []string{"l"}, Province: []string{"p"}, StreetAddress: []string{"s"}, PostalCode: []string{"1"},
			OrganizationalUnit: []string{"ou"}, SerialNumber: "7", CommonName: "ü",
			ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: "a@b"}}}
	})
	make(ec(elliptic.P384()), func(c *x509.Certificate) {
		c.BasicConstraintsValid, c.IsCA, c.MaxPathLenZero = true, true, true
		c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		c.SubjectKeyId = []byte{1, 2}
		c.PermittedDNSDomainsCritical = true
		c.PermittedDNSDomains, c.ExcludedDNSDomains = []string{"example.com"}, []string{".bad.example"}
		_, four, _ := net.ParseCIDR("10.0.0.0/8")
		_, six, _ := net.ParseCIDR("2001:db8::/32")
		c.PermittedIPRanges, c.ExcludedIPRanges = []*net.IPNet{four}, []*net.IPNet{six}
		c.PermittedEmailAddresses, c.ExcludedEmailAddresses = []string{"example.com"}, []string{"x@example.com"}
		c.PermittedURIDomains, c.ExcludedURIDomains = []string{".example.com"}, []string{"bad.example"}
		c.CRLDistributionPoints = []string{"http://crl.example/1", "http://crl.example/2"}
		c.OCSPServer, c.IssuingCertificateURL = []string{"http://ocsp.example"}, []string{"http://ca.example/ca.crt"}
		c.Policies = []x509.OID{must(x509.OIDFromInts([]uint64{1, 2, 3, 4}))}
	})
	make(ec(elliptic.P521()), func(c *x509.Certificate) {
		c.BasicConstraintsValid, c.IsCA, c.MaxPathLen = true, true, 3
		c.ExtraExtensions = []pkix.Extension{
			{Id: asn1.ObjectIdentifier{2, 5, 29, 36}, Critical: true, Value: []byte{0x30, 6, 0x80, 1, 0, 0x81, 1, 2}},
			{Id: asn1.ObjectIdentifier{2, 5, 29, 54}, Value: []byte{2, 1, 0}},
			{Id: asn1.ObjectIdentifier{2, 5, 29, 33}, Critical: true, Value: []byte{0x30, 8, 0x30, 6, 6, 1, 0x2a, 6, 1, 0x2b}},
			{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}},
		}
	})
	make(must(rsa.GenerateKey(rand.Reader, 2048)), func(c *x509.Certificate) {})
	make(must(rsa.GenerateKey(rand.Reader, 2048)), func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA384WithRSAPSS })
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	make(ed, func(c *x509.Certificate) { c.Subject = pkix.Name{}; c.BasicConstraintsValid = true })
	for _, path := range os.Args[1:] {
		block, _ := pem.Decode(must(os.ReadFile(path)))
		all = append(all, block.Bytes)
	}
	certificates, expected := must(os.Create("certificates.pem")), must(os.Create("expected.jsonl"))
	for _, der := range all {
		pem.Encode(certificates, &pem.Block{Type: "CERTIFICATE", Bytes: der})
		expected.Write(append(must(json.Marshal(must(x509.ParseCertificate(der)))), '\n'))
	}
}
