  pushq %rbp
  movq %rsp, %rbp
block0:
  ucomisd %xmm0, %xmm1
  jbe     label2; j label1
block1:
  movl $0x8, %eax
  jmp     label3
block2:
  movl $0x7, %eax
  jmp     label3
block3:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  ucomiss %xmm1, %xmm0
  setnp %dil
  sete %r8b
  andl %r8d, %edi
  movzbl %dil, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  cmpl $0xa, %esi
  jnb     label2; j label1
block1:
  leal 1(%rsi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0x40(%rdi), %r8
  movq 0x48(%rdi), %rdi
  call    *%r8
  ud2

