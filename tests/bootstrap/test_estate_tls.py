"""An estate that stands without certificates gets them, and gives them back.

In this order alone where bootstrap makes the zone: a certificate is validated in a zone that is there. Deliberately
absent: TLS itself (the emulator's load balancers carry none), and whether the certificates fit the names.
"""

from resources import REGION


def certificates(account, domain: str) -> list[str]:
    """One in each side's region, as parameters of bootstrap."""
    words = []
    for side, region in REGION.items():
        made = account.region(region).client("acm").request_certificate(DomainName=domain, ValidationMethod="DNS")
        words += [f"--certificate-arn-{side}", made["CertificateArn"]]
    return words


def listeners(account, side: str, suffix: str) -> dict[int, str]:
    """What each port of the side's load balancer does."""
    elb = account.region(REGION[side]).client("elbv2")
    (balancer,) = elb.describe_load_balancers(Names=[f"alb-{side}-{suffix}"])["LoadBalancers"]
    found = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    return {each["Port"]: each["DefaultActions"][0]["Type"] for each in found}


def test_a_standing_estate_gets_certificates_and_gives_them_back(account, drd):
    drd.done("bootstrap", "--yes")
    both_do = lambda what: all(listeners(account, side, drd.suffix) == what for side in REGION)  # noqa: E731
    assert both_do({80: "forward"})
    drd.done("bootstrap", "--yes", *certificates(account, f"api.{drd.suffix}.drd.internal"))
    assert both_do({80: "redirect", 443: "forward"})
    assert drd.outputs()["outputs"]["primary_endpoint"].startswith("https://")
    drd.done("bootstrap", "--yes", "--certificate-arn-primary", "", "--certificate-arn-standby", "")
    assert both_do({80: "forward"})
    drd.done("destroy", "--yes")
